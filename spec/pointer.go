package spec

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// member is the pointer of an object's member.
func member(object, name string) string {
	return string(jsontext.Pointer(object).AppendToken(name))
}

// element is the pointer of an array's element.
func element(array string, i int) string {
	return array + "/" + strconv.Itoa(i)
}

// parent is the pointer of what holds the value at pointer; the whole file's parent is the whole file.
func parent(pointer string) string {
	return pointer[:max(0, strings.LastIndexByte(pointer, '/'))]
}

// within reports whether inner is the value at outer or a part of it. Names match in any case, as they do in Decode.
func within(outer, inner string) bool {
	return len(inner) >= len(outer) && strings.EqualFold(inner[:len(outer)], outer) &&
		(len(inner) == len(outer) || inner[len(outer)] == '/')
}

// Dotted spells a JSON pointer (RFC 6901) the way people write members in prose: "/mounts/3/options/1" becomes
// "mounts[3].options[1]", and a name that is no word is quoted: `linux.sysctl["net.ipv4.ip_forward"]`.
func Dotted(pointer string) string {
	var b strings.Builder
	for name := range jsontext.Pointer(pointer).Tokens() {
		switch {
		case isIndex(name):
			b.WriteString("[" + name + "]")
		case !isWord(name):
			b.WriteString("[" + strconv.Quote(name) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(name)
		}
	}
	return b.String()
}

func isIndex(name string) bool {
	return name != "" && strings.Trim(name, "0123456789") == ""
}

func isWord(name string) bool {
	notWord := func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	return name != "" && strings.IndexFunc(name, notWord) < 0
}
