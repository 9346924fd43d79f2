// Command call plays German telephone calls against the running local stack:
//
//	make call                                the default dialogue
//	make call DIALOGUE=den-zweiten           another one of testdata/dialogues
//	make call DIALOGUES=path                 a file, or all of a folder
//
// It prints each conversation so that it reads like one and ends with 'N passed, N failed'.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/askpro/gateway/infra/operator"
	"github.com/askpro/gateway/infra/simulate/player"
)

const folder = "testdata/dialogues"

func main() {
	dialogue := flag.String("dialogue", "gebucht", "name of a dialogue in "+folder)
	path := flag.String("dialogues", "", "a file or folder of dialogues")
	flag.Parse()
	if *path == "" {
		*path = filepath.Join(folder, *dialogue+".json")
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	failed, err := run(ctx, *path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if failed > 0 || err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, path string) (failed int, err error) {
	ports, err := operator.PortsFrom(os.Getenv("PORT_BASE"))
	if err != nil {
		return 0, err
	}
	files, err := player.Load(path)
	if err != nil {
		return 0, err
	}
	passed := 0
	p := player.New(ports, ".", os.Stdout)
	for _, list := range files {
		ok, bad, err := p.PlayFile(ctx, list)
		passed, failed = passed+ok, failed+bad
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed += len(list) - ok - bad
		}
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	return failed, nil
}
