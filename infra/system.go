package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssam"
	"github.com/aws/aws-cdk-go/awscdk/v2/cloudformationinclude"
	"github.com/aws/jsii-runtime-go"
	"gopkg.in/yaml.v3"
)

// system is the stack askpro-<stage> and what operations watch of it, by the template's logical ids.
type system struct {
	stage      stage
	included   cloudformationinclude.CfnInclude
	functions  map[string]string // → folder
	work, dead []string          // queues
}

// newSystem makes the stack askpro-<stage> from template.yaml: each function
// gets its binary as an asset (binaries: folder name → path of its bootstrap)
// and a log group that forgets.
//
// What the stage decides replaces the template's parameters, so that no deploy
// can mix stages up; addresses of the installation (mail domain, Cal.com) stay
// parameters of the deployment.
func newSystem(app awscdk.App, s stage, binaries map[string]string) (*system, error) {
	template := filepath.Join(root, "template.yaml")
	functions, err := functionsIn(template)
	if err != nil {
		return nil, err
	}
	work, dead, err := queuesIn(template)
	if err != nil {
		return nil, err
	}
	stack := awscdk.NewStack(app, jsii.String("askpro-"+s.name), &awscdk.StackProps{
		TerminationProtection: jsii.Bool(s.locked),
		Tags:                  s.tags(),
	})
	included := cloudformationinclude.NewCfnInclude(stack, jsii.String("System"), &cloudformationinclude.CfnIncludeProps{
		TemplateFile: jsii.String(template),
		Parameters: &map[string]any{
			"Stage":              s.name,
			"Architecture":       string(s.architecture),
			"DeletionProtection": strconv.FormatBool(s.guarded),
			"LogLevel":           s.logLevel,
		},
	})
	for _, id := range slices.Sorted(maps.Keys(functions)) { // in order: the same input gives the same output
		folder := functions[id]
		binary, built := binaries[folder]
		if !built {
			return nil, fmt.Errorf("template.yaml names functions/%s, which has no main.go", folder)
		}
		function, ok := included.GetResource(jsii.String(id)).(awssam.CfnFunction)
		if !ok {
			return nil, fmt.Errorf("%s is not a function to the CDK", id)
		}
		code := awss3assets.NewAsset(stack, jsii.String(id+"Code"), &awss3assets.AssetProps{Path: jsii.String(filepath.Dir(binary))})
		function.SetCodeUri(&awssam.CfnFunction_S3LocationProperty{Bucket: code.S3BucketName(), Key: code.S3ObjectKey()})
		logs := awslogs.NewCfnLogGroup(stack, jsii.String(id+"Logs"), &awslogs.CfnLogGroupProps{RetentionInDays: jsii.Number(s.logDays)})
		function.AddPropertyOverride(jsii.String("LoggingConfig.LogGroup"), logs.Ref()) // the CDK's type does not know it yet
	}
	return &system{stage: s, included: included, functions: functions, work: work, dead: dead}, nil
}

// ref is a resource's name as another stack sees it.
func (s *system) ref(id string) string { return *s.included.GetResource(jsii.String(id)).Ref() }

func (s *system) attribute(id, name string) string {
	return *s.included.GetResource(jsii.String(id)).GetAtt(jsii.String(name), awscdk.ResolutionTypeHint_STRING).ToString()
}

// functionsIn returns the template's functions: logical id → folder under functions/.
func functionsIn(template string) (map[string]string, error) {
	text, err := os.ReadFile(template)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				CodeUri string `yaml:"CodeUri"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", template, err)
	}
	functions := map[string]string{}
	for id, r := range doc.Resources {
		if r.Type == "AWS::Serverless::Function" {
			functions[id] = filepath.Base(r.Properties.CodeUri)
		}
	}
	if len(functions) == 0 {
		return nil, fmt.Errorf("%s has no AWS::Serverless::Function", template)
	}
	return functions, nil
}

// queuesIn returns the logical ids of the template's queues: those that a function reads, and the others, in which lies what
// failed.
func queuesIn(template string) (work, dead []string, err error) {
	text, err := os.ReadFile(template)
	if err != nil {
		return nil, nil, err
	}
	var doc struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				EventSourceArn struct {
					GetAtt []string `yaml:"Fn::GetAtt"`
				} `yaml:"EventSourceArn"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", template, err)
	}
	read := map[string]bool{}
	for _, r := range doc.Resources {
		if r.Type == "AWS::Lambda::EventSourceMapping" && len(r.Properties.EventSourceArn.GetAtt) > 0 {
			read[r.Properties.EventSourceArn.GetAtt[0]] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(doc.Resources)) {
		switch {
		case doc.Resources[id].Type != "AWS::SQS::Queue":
		case read[id]:
			work = append(work, id)
		default:
			dead = append(dead, id)
		}
	}
	return work, dead, nil
}
