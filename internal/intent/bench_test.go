package intent

import (
	"strings"
	"testing"
)

func BenchmarkDetect(b *testing.B) {
	d := New(nil)
	for name, text := range map[string]string{
		"short":   "Ich hätte gern einen Termin",
		"usual":   "Guten Tag, Müller mein Name, bei uns im Büro geht seit heute Morgen der Drucker nicht mehr, können Sie da mal schauen?",
		"hostile": strings.Repeat("Termin Problem geht es nicht ", 1000),
	} {
		b.Run(name, func(b *testing.B) {
			d.Detect(text) // what was learned is read once
			b.ReportAllocs()
			for b.Loop() {
				d.Detect(text)
			}
		})
	}
}

// BenchmarkFirst is what the first detection of a process costs beside the detection: reading the model, meanings and lists.
func BenchmarkFirst(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readModel(modelFile()); err != nil {
			b.Fatal(err)
		}
		readMeanings(meaningsFile)
	}
}
