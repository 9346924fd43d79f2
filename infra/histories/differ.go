package histories

import (
	"slices"
	"strings"
)

// Differ says what stands in one end and not in the other, record by record: with + what only got has, with - what only
// want has. Empty: they are the same.
func Differ(want, got string) string {
	var b strings.Builder
	missing, more := parts(want), parts(got)
	for _, p := range slices.Clone(missing) {
		if i := slices.Index(more, p); i >= 0 {
			more = slices.Delete(more, i, i+1)
			missing = slices.Delete(missing, slices.Index(missing, p), slices.Index(missing, p)+1)
		}
	}
	for _, p := range missing {
		head, _, _ := strings.Cut(p, "\n")
		i := slices.IndexFunc(more, func(q string) bool { return q == head || strings.HasPrefix(q, head+"\n") })
		if i < 0 {
			mark(&b, "-", strings.Split(p, "\n"))
			continue
		}
		b.WriteString("  " + head + "\n")
		was, is := strings.Split(p, "\n"), strings.Split(more[i], "\n")
		mark(&b, "-", without(was, is))
		mark(&b, "+", without(is, was))
		more = slices.Delete(more, i, i+1)
	}
	for _, p := range more {
		mark(&b, "+", strings.Split(p, "\n"))
	}
	return b.String()
}

// parts of an end are its records: a line with the indented ones below it.
func parts(end string) (list []string) {
	for line := range strings.Lines(end) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, " ") && len(list) > 0 {
			list[len(list)-1] += "\n" + line
		} else if line != "" {
			list = append(list, line)
		}
	}
	return list
}

func without(lines, others []string) (rest []string) {
	for _, l := range lines {
		if !slices.Contains(others, l) {
			rest = append(rest, l)
		}
	}
	return rest
}

func mark(b *strings.Builder, sign string, lines []string) {
	for _, l := range lines {
		b.WriteString(sign + " " + l + "\n")
	}
}
