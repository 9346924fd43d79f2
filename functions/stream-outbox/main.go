// stream-outbox publishes the facts that were written with the changes they tell of.
//
//	Woken by:     the table's stream, new EVENT# items only   Tells: the bus askpro
//	Twice:        published twice under the same event id; consumers are idempotent by it
//	If it fails:  five more tries, then the records' places go to events-dead; events live seven days in the table
package main

import (
	"github.com/askpro/gateway/internal/lambdakit"
)

type config struct {
	Bus string `env:"BUS_NAME"`
}

func main() {
	cfg := lambdakit.Must(lambdakit.Load[config]())
	lambdakit.ServeStream(newPublisher(lambdakit.FromEnvironment(), cfg.Bus).publish)
}
