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

// newSystem makes the stack askpro-<stage> from template.yaml: each function
// gets its binary as an asset (binaries: folder name → path of its bootstrap)
// and a log group that forgets.
//
// What the stage decides replaces the template's parameters, so that no deploy
// can mix stages up; addresses of the installation (mail domain, Cal.com) stay
// parameters of the deployment.
func newSystem(app awscdk.App, s stage, binaries map[string]string) error {
	template := filepath.Join(root, "template.yaml")
	functions, err := functionsIn(template)
	if err != nil {
		return err
	}
	stack := awscdk.NewStack(app, jsii.String("askpro-"+s.name), &awscdk.StackProps{
		TerminationProtection: jsii.Bool(s.locked),
		Tags:                  &map[string]*string{"application": jsii.String("askpro"), "stage": jsii.String(s.name)},
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
			return fmt.Errorf("template.yaml names functions/%s, which has no main.go", folder)
		}
		function, ok := included.GetResource(jsii.String(id)).(awssam.CfnFunction)
		if !ok {
			return fmt.Errorf("%s is not a function to the CDK", id)
		}
		code := awss3assets.NewAsset(stack, jsii.String(id+"Code"), &awss3assets.AssetProps{Path: jsii.String(filepath.Dir(binary))})
		function.SetCodeUri(&awssam.CfnFunction_S3LocationProperty{Bucket: code.S3BucketName(), Key: code.S3ObjectKey()})
		logs := awslogs.NewCfnLogGroup(stack, jsii.String(id+"Logs"), &awslogs.CfnLogGroupProps{RetentionInDays: jsii.Number(s.logDays)})
		function.AddPropertyOverride(jsii.String("LoggingConfig.LogGroup"), logs.Ref()) // the CDK's type does not know it yet
	}
	return nil
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
