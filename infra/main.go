// infra is the CDK app: it includes template.yaml, the one description of the
// system, once per stage and adds only what differs between stages, and a second
// stack for those who operate it. Synthesis needs Node, no credentials and no
// account.
//
//	make cdk-synth                       all stages into .build/cdk
//	cd infra && npx cdk deploy askpro-dev
//	cd infra && npx cdk deploy askpro-dev-operations        its alarms and its dashboard
//	cd infra && npx cdk deploy -c stage=anna askpro-anna    a stage of one's own, thrown away with `cdk destroy`
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/askpro/gateway/infra/build"
)

// root is the repository's top: cdk.json starts the app in infra/.
const root = ".."

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stages := stages
	if name, asked := app.Node().TryGetContext(jsii.String("stage")).(string); asked {
		own, err := throwAway(name)
		if err != nil {
			fail(err)
		}
		stages = append(stages, own)
	}
	binaries := map[build.Architecture]map[string]string{}
	for _, s := range stages {
		if binaries[s.architecture] == nil {
			built, err := build.Functions(context.Background(), root, s.architecture)
			if err != nil {
				fail(err)
			}
			binaries[s.architecture] = built
		}
		system, err := newSystem(app, s, binaries[s.architecture])
		if err != nil {
			fail(err)
		}
		newOperations(app, system)
	}
	app.Synth(nil)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	jsii.Close()
	os.Exit(1)
}
