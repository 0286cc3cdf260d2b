package state

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// value is a JSON value that has a place in memory.
type value interface {
	write(*jsontext.Encoder) error
	read(*jsontext.Decoder) error
}

// object is a JSON object with known members.
type object []member

type member struct {
	name  string
	value value
}

func (o object) write(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, m := range o {
		if err := enc.WriteToken(jsontext.String(m.name)); err != nil {
			return err
		}
		if err := m.value.write(enc); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

func (o object) read(dec *jsontext.Decoder) error {
	return readObject(dec, func(name string) error {
		i := slices.IndexFunc(o, func(m member) bool { return m.name == name })
		if i < 0 {
			return dec.SkipValue()
		}
		return o[i].value.read(dec)
	})
}

// textMap is a JSON object with any members, all of them strings; an empty one is read as nil.
type textMap struct{ at *map[string]string }

func (m textMap) write(enc *jsontext.Encoder) error {
	var o object
	for _, name := range slices.Sorted(maps.Keys(*m.at)) {
		content := (*m.at)[name]
		o = append(o, member{name, text(&content)})
	}
	return o.write(enc)
}

func (m textMap) read(dec *jsontext.Decoder) error {
	read := map[string]string{}
	err := readObject(dec, func(name string) error {
		var content string
		err := text(&content).read(dec)
		read[name] = content
		return err
	})
	if len(read) > 0 {
		*m.at = read
	}
	return err
}

// readObject reads an object, calling readMember before the value of each member.
func readObject(dec *jsontext.Decoder, readMember func(name string) error) error {
	if _, err := readToken(dec, jsontext.KindBeginObject); err != nil {
		return err
	}
	for dec.PeekKind() == jsontext.KindString {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := readMember(name.String()); err != nil {
			return err
		}
	}
	_, err := readToken(dec, jsontext.KindEndObject)
	return err
}

func readToken(dec *jsontext.Decoder, want ...jsontext.Kind) (jsontext.Token, error) {
	token, err := dec.ReadToken()
	if err == nil && !slices.Contains(want, token.Kind()) {
		err = fmt.Errorf("at %q: found %s, want %s", dec.StackPointer(), token.Kind(), want[0])
	}
	return token, err
}

// scalar is a JSON value of one token.
type scalar struct {
	kinds []jsontext.Kind
	get   func() jsontext.Token
	set   func(jsontext.Token) error
}

func (s scalar) write(enc *jsontext.Encoder) error { return enc.WriteToken(s.get()) }

func (s scalar) read(dec *jsontext.Decoder) error {
	token, err := readToken(dec, s.kinds...)
	if err != nil {
		return err
	}
	if err := s.set(token); err != nil {
		return fmt.Errorf("at %q: %w", dec.StackPointer(), err)
	}
	return nil
}

func text(at *string) scalar {
	return scalar{
		kinds: []jsontext.Kind{jsontext.KindString},
		get:   func() jsontext.Token { return jsontext.String(*at) },
		set:   func(t jsontext.Token) error { *at = t.String(); return nil },
	}
}

func boolean(at *bool) scalar {
	return scalar{
		kinds: []jsontext.Kind{jsontext.KindTrue, jsontext.KindFalse},
		get:   func() jsontext.Token { return jsontext.Bool(*at) },
		set:   func(t jsontext.Token) error { *at = t.Bool(); return nil },
	}
}

func timestamp(at *time.Time) scalar {
	return scalar{
		kinds: []jsontext.Kind{jsontext.KindString},
		get:   func() jsontext.Token { return jsontext.String(at.Format(time.RFC3339Nano)) },
		set: func(t jsontext.Token) (err error) {
			*at, err = time.Parse(time.RFC3339Nano, t.String())
			return err
		},
	}
}

// number is an integer that is never negative.
func number[N int | uint32 | uint64](at *N) scalar {
	return scalar{
		kinds: []jsontext.Kind{jsontext.KindNumber},
		get:   func() jsontext.Token { return jsontext.Uint(uint64(*at)) },
		set: func(t jsontext.Token) error {
			n, err := t.Uint()
			*at = N(n)
			if err == nil && (uint64(*at) != n || *at < 0) {
				err = fmt.Errorf("%d is too large", n)
			}
			return err
		},
	}
}

func integer(at *int64) scalar {
	return scalar{
		kinds: []jsontext.Kind{jsontext.KindNumber},
		get:   func() jsontext.Token { return jsontext.Int(*at) },
		set: func(t jsontext.Token) (err error) {
			*at, err = t.Int()
			return err
		},
	}
}
