package manual

import (
	"slices"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestArguments(t *testing.T) {
	for usage, want := range map[string][2]Kind{
		"":                                    {Nothing, Nothing},
		"BUNDLE | [--bundle DIR] ID":          {Bundle, Nothing},
		"ID | BUNDLE [SIGNAL]":                {Container, Signal},
		"[--process FILE] ID | ID COMMAND":    {Container, Nothing},
		"[-- CMD [ARGS...]]":                  {Nothing, Nothing},
		"ID | BUNDLE [PS OPTION...]":          {Container, Nothing},
		"IDENTITY":                            {Nothing, Nothing},
		"[--work-path DIR] [--image-path] ID": {Container, Nothing},
	} {
		if first, second := arguments(usage); first != want[0] || second != want[1] {
			t.Errorf("%q: %s and %s, not %s and %s", usage, first, second, want[0], want[1])
		}
	}
}

func TestReadFlags(t *testing.T) {
	for _, c := range []struct {
		flag cli.Flag
		want Flag
	}{
		{&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: `be "quiet"`},
			Flag{Names: []string{"quiet", "q"}, Usage: `be "quiet"`, Value: Nothing}},
		{&cli.StringFlag{Name: "log", Usage: "append to `FILE`", DefaultText: "stderr"},
			Flag{Names: []string{"log"}, Usage: "append to FILE", Placeholder: "FILE", Value: File, Default: "stderr"}},
		{&cli.StringFlag{Name: "format", Value: "table", Usage: `"table" or "json"`},
			Flag{Names: []string{"format"}, Usage: `"table" or "json"`, Placeholder: "VALUE", Value: Choice,
				Values: []string{"table", "json"}, Default: "table"}},
		{&cli.StringSliceFlag{Name: "cap", Usage: "add `CAP`"},
			Flag{Names: []string{"cap"}, Usage: "add CAP", Placeholder: "CAP", Value: Word, Repeats: true}},
		{&cli.IntFlag{Name: "fds", Usage: "pass `N`"},
			Flag{Names: []string{"fds"}, Usage: "pass N", Placeholder: "N", Value: Word}},
	} {
		hidden := &cli.BoolFlag{Name: "hidden", Hidden: true}
		got := readFlags([]cli.Flag{hidden, c.flag})
		if len(got) != 1 || !equal(got[0], c.want) {
			t.Errorf("%v: got %+v, not %+v", c.flag.Names(), got, c.want)
		}
	}
}

func equal(a, b Flag) bool {
	return slices.Equal(a.Names, b.Names) && slices.Equal(a.Values, b.Values) && a.Usage == b.Usage &&
		a.Default == b.Default && a.Placeholder == b.Placeholder && a.Value == b.Value && a.Repeats == b.Repeats
}

func TestSection(t *testing.T) {
	doc := "# Line\n\n## Commands\n\n### pause, resume\n\n    crabcan pause ID\n    crabcan resume ID\n\n" +
		"Stops [all](#x).\n\n| option | meaning |\n|---|---|\n| `--x` | y |\n\n| name | is |\n|---|---|\n| a | b |\n\n" +
		"| what | runc | crabcan |\n|---|---|---|\n| c | d | e |\n\n### list\n\nLists.\n"
	want := "Stops all.\n\n\n\na\n: b\n\n\nc\n: runc: d; crabcan: e"
	for _, verb := range []string{"pause", "resume"} {
		if got := section(doc, verb); got != want {
			t.Errorf("%s: %q, not %q", verb, got, want)
		}
	}
	if got := section(doc, "use"); got != "" {
		t.Errorf("a part of a name has the section %q", got)
	}
}
