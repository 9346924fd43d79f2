// Command train learns the model of package intent from the corpus in testdata/intents and writes it where the package embeds it:
//
//	go run ./internal/intent/cmd/train            # learn and write internal/intent/model.txt: seconds
//	go run ./internal/intent/cmd/train -check     # what it is worth on topics it has not heard of, as a confusion matrix
//	go run ./internal/intent/cmd/train -misses    # and what it got wrong there
//	go run ./internal/intent/cmd/train -compare   # what other readers reach: lists, words, stems, letters, …: a quarter of an hour
//
// The same corpus gives the same model. After a change of corpus, frames, meanings, lists or features, learn again.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	root := flag.String("root", ".", "the repository")
	check := flag.Bool("check", false, "cross-validate over topics, write nothing")
	misses := flag.Bool("misses", false, "the same, and print what went wrong")
	compared := flag.Bool("compare", false, "cross-validate every kind of reader, write nothing")
	flag.Parse()
	if err := run(os.Stdout, *root, *check, *misses, *compared); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string, check, misses, compared bool) error {
	c, err := readCorpus(root)
	if err != nil {
		return err
	}
	switch {
	case compared:
		return compare(out, c)
	case check, misses:
		vs, err := validate(c, chosen, byTopic, detected)
		if err != nil {
			return err
		}
		if misses {
			fmt.Fprint(out, vs.misses())
		}
		fmt.Fprintln(out, vs.report())
		return nil
	}
	text := "# Learned by `go run ./internal/intent/cmd/train`: a feature, what it speaks for an appointment, and for the desk, in hundredths.\n" +
		"# From " + c.sum + ". Do not edit.\n" + learn(c.utterances, c.frames, chosen)
	file := filepath.Join(root, modelFile)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	packed, err := pack(text)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".gz", packed, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d features, %d KB, from %d utterances and %d filled frames\n",
		modelFile, strings.Count(text, "\n"), len(text)/1024, len(c.utterances), len(c.frames))
	return nil
}

// pack compresses a model as the package embeds it; the same text gives the same bytes.
func pack(text string) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write([]byte(text)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
