// A function that does what its event says: what lambdahost's tests run.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string // env, error, panic, exit, large, meet
	With string // meet: where the test listens
}

type answer struct {
	PID      int
	Custom   map[string]string
	Seconds  float64 // until the deadline
	Request  string
	Function string
	Env      []string
	Large    string
}

func handle(ctx context.Context, in event) (answer, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	a := answer{PID: os.Getpid(), Custom: lc.ClientContext.Custom, Seconds: time.Until(deadline).Seconds(), Request: lc.AwsRequestID, Function: lc.InvokedFunctionArn}
	switch in.Do {
	case "env":
		a.Env = os.Environ()
	case "error":
		return a, errors.New("it went wrong")
	case "panic":
		panic("it went very wrong")
	case "exit":
		os.Exit(3)
	case "large":
		a.Large = strings.Repeat("x", 7<<20)
	case "meet":
		// The test sees that this runs, and says when it may end.
		c, err := net.Dial("tcp", in.With)
		if err != nil {
			return a, err
		}
		_, err = c.Read(make([]byte, 1))
		return a, err
	}
	return a, nil
}

func main() {
	fmt.Println("a line of the function")
	switch os.Getenv("INIT") {
	case "exit":
		os.Exit(1)
	case "panic":
		panic("no init")
	}
	lambda.Start(handle)
}
