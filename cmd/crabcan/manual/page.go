package manual

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// Edition is what a manual page says of itself.
type Edition struct {
	// Version is crabcan's; Date is that of the sources, as 2026-11-26.
	Version, Date string
}

// Pages makes the man pages, by file name: crabcan.8, and crabcan-VERB.8 for each verb. Names, synopsis and options are
// those of the definitions. What is to say beyond is taken from doc, the Markdown page of the command line (docs/cli.md);
// a verb that has no section there is an error.
func Pages(c CLI, doc string, e Edition) (map[string][]byte, error) {
	pages := map[string][]byte{c.Name + ".8": roff(mainPage(c, doc, e))}
	for _, v := range c.Verbs {
		text, err := verbPage(c, v, doc, e)
		if err != nil {
			return nil, err
		}
		pages[c.Name+"-"+v.Name+".8"] = roff(text)
	}
	return pages, nil
}

func roff(markdown string) []byte { return md2man.Render([]byte(markdown)) }

func mainPage(c CLI, doc string, e Edition) string {
	var b strings.Builder
	begin(&b, c.Name, c.Usage, e)
	fmt.Fprintf(&b, "# SYNOPSIS\n**%s** [*global options*] *command* [*options*] [*arguments*]\n\n", c.Name)
	fmt.Fprintf(&b, "# DESCRIPTION\n%s\n\n", c.Description)
	b.WriteString("# COMMANDS\n")
	for _, v := range c.Verbs {
		fmt.Fprintf(&b, "**%s-%s**(8)\n: %s\n\n", c.Name, v.Name, v.Usage)
	}
	options(&b, "# GLOBAL OPTIONS", c.Flags)
	for _, title := range []string{
		"A session", "Bundles, IDs and names", "Exit status", "The log", "Errors", "Environment, files and folders",
		"What is refused", "Differences from runc",
	} {
		if text := section(doc, title); text != "" {
			fmt.Fprintf(&b, "# %s\n%s\n\n", strings.ToUpper(title), text)
		}
	}
	return b.String()
}

func verbPage(c CLI, v Verb, doc string, e Edition) (string, error) {
	text := section(doc, v.Name)
	if text == "" {
		return "", fmt.Errorf("the page of the command line has no section %q", v.Name)
	}
	var b strings.Builder
	begin(&b, c.Name+"-"+v.Name, v.Usage, e)
	fmt.Fprintf(&b, "# SYNOPSIS\n**%s** [*global options*] **%s** [*options*] %s\n\n", c.Name, v.Name, escape(v.ArgsUsage))
	fmt.Fprintf(&b, "# DESCRIPTION\n%s\n\n", text)
	options(&b, "# OPTIONS", v.Flags)
	fmt.Fprintf(&b, "# SEE ALSO\n**%s**(8)\n", c.Name)
	return b.String(), nil
}

func begin(b *strings.Builder, name, usage string, e Edition) {
	fmt.Fprintf(b, "%% \"%s\" \"8\" \"%s\" \"crabcan %s\" \"crabcan's manual\"\n\n", strings.ToUpper(name), e.Date, e.Version)
	fmt.Fprintf(b, "# NAME\n%s - %s\n\n", name, usage)
}

func options(b *strings.Builder, title string, flags []Flag) {
	fmt.Fprintln(b, title)
	for _, f := range flags {
		names := "**" + strings.Join(f.Dashed(), "**, **") + "**"
		if f.TakesValue() {
			names += " *" + escape(f.Placeholder) + "*"
		}
		usage := escape(f.Usage)
		if f.Repeats {
			usage += "; can be given several times"
		}
		if f.Default != "" {
			usage += "; default: " + escape(f.Default)
		}
		fmt.Fprintf(b, "%s\n: %s\n\n", names, usage)
	}
}

// escape keeps Markdown from seeing marks in text.
func escape(text string) string {
	return strings.NewReplacer("[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "<", `\<`).Replace(text)
}

var (
	heading = regexp.MustCompile(`(?m)^(#{2,3}) (.*)$`)
	// link is a link, of which a page keeps the words.
	link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	// ownUsage is the line that a verb's section begins with, ownOptions the table of its options: both come from the
	// definitions.
	ownUsage   = regexp.MustCompile(`(?m)\A(    crabcan .*\n)+\n`)
	ownOptions = regexp.MustCompile(`(?m)^\| option \| meaning \|\n(\|.*\n)+`)
	table      = regexp.MustCompile(`(?m)(^\|.*\n)+`)
)

// section is the text under the heading of that title, or under one of several names with commas between. Sections of
// further headings are not part of it.
func section(doc, title string) string {
	found := heading.FindAllStringSubmatchIndex(doc, -1)
	for i, at := range found {
		name := doc[at[4]:at[5]]
		if name != title && !strings.Contains(", "+name+", ", ", "+title+", ") {
			continue
		}
		end := len(doc)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		text := strings.TrimLeft(doc[at[1]:end], "\n")
		text = ownOptions.ReplaceAllString(ownUsage.ReplaceAllString(text, ""), "")
		text = table.ReplaceAllStringFunc(text, definitions)
		return strings.TrimSpace(link.ReplaceAllString(text, "$1"))
	}
	return ""
}

// definitions makes of a table a list: the first cell of each row is what the others are about. A terminal is too
// narrow for most tables.
func definitions(table string) string {
	rows := strings.Split(strings.TrimSpace(table), "\n")
	titles := cells(rows[0])
	var b strings.Builder
	for _, row := range rows[min(2, len(rows)):] {
		values := cells(row)
		fmt.Fprintf(&b, "\n%s\n: ", values[0])
		for i, value := range values[1:] {
			switch {
			case i > 0:
				fmt.Fprintf(&b, "; %s: %s", titles[i+1], value)
			case len(values) > 2:
				fmt.Fprintf(&b, "%s: %s", titles[i+1], value)
			default:
				b.WriteString(value)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cells are the cells of a row of a table.
func cells(row string) (list []string) {
	for cell := range strings.SplitSeq(strings.Trim(row, "|"), "|") {
		list = append(list, strings.TrimSpace(cell))
	}
	return list
}
