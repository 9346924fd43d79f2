package main

import (
	"fmt"
	"io"
)

func compare(out io.Writer, c corpus) { fmt.Fprintln(out, "later") }
