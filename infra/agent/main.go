// Command agent writes the Retell agent's template, prompt and tool schemas, from the tool definitions:
//
//	make agent
//
// A test compares the file with the definitions, so that neither can change alone.
package main

import (
	"fmt"
	"os"

	"github.com/askpro/gateway/internal/voice"
)

// File is where the template lies.
const File = "testdata/retell/agent.json"

func main() {
	template, err := voice.Template()
	if err == nil {
		err = os.WriteFile(File, template, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("Written:", File)
}
