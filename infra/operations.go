package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// newOperations makes the stack askpro-<stage>-operations: the alarms, the topic that tells of them, and the dashboard. It is
// apart from the system because CloudFormation counts resources. It imports the names of queues and functions, which
// therefore stay as long as it does: one that goes, or gets another name, goes from here first
// (`cdk deploy --exclusively askpro-<stage>-operations`).
func newOperations(app awscdk.App, s *system) {
	stack := awscdk.NewStack(app, jsii.String("askpro-"+s.stage.name+"-operations"), &awscdk.StackProps{Tags: s.stage.tags()})
	topic := newTopic(stack, s.stage)
	all := alarms(s)
	for _, a := range all {
		newAlarm(stack, s.stage, a, topic)
	}
	awscloudwatch.NewCfnDashboard(stack, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String("AskPro-" + s.stage.name),
		DashboardBody: stack.ToJsonString(dashboard(stack, s, all), nil),
	})
}

// newTopic makes what alarms speak to. CloudWatch of this account alone may publish there, and it can use only a key that
// says so: AWS's own for SNS does not. Whoever AlarmMail names gets a mail from AWS and has to confirm it.
func newTopic(stack awscdk.Stack, s stage) awssns.CfnTopic {
	mail := awscdk.NewCfnParameter(stack, jsii.String("AlarmMail"), &awscdk.CfnParameterProps{
		Type: jsii.String("String"), Default: jsii.String(""), Description: jsii.String("Who is woken. Empty - nobody; the alarms stand in CloudWatch alone."),
	})
	cloudwatch := map[string]any{"Service": "cloudwatch.amazonaws.com"}
	ours := map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}}
	key := awskms.NewCfnKey(stack, jsii.String("Key"), &awskms.CfnKeyProps{
		Description: jsii.String("Messages of AskPro's alarms, " + s.name), EnableKeyRotation: jsii.Bool(true), PendingWindowInDays: jsii.Number(7),
		KeyPolicy: policy(
			map[string]any{
				"Sid": "TheAccountRules", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
				"Principal": map[string]any{"AWS": stack.FormatArn(&awscdk.ArnComponents{
					Service: jsii.String("iam"), Region: jsii.String(""), Resource: jsii.String("root"), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
				})},
			},
			map[string]any{
				"Sid": "AlarmsAreEncrypted", "Effect": "Allow", "Principal": cloudwatch, "Action": []string{"kms:Decrypt", "kms:GenerateDataKey*"}, "Resource": "*", "Condition": ours,
			}),
	})
	topic := awssns.NewCfnTopic(stack, jsii.String("Alarms"), &awssns.CfnTopicProps{
		DisplayName: jsii.String("AskPro " + s.name), KmsMasterKeyId: key.Ref(),
	})
	awssns.NewCfnTopicPolicy(stack, jsii.String("AlarmsPolicy"), &awssns.CfnTopicPolicyProps{
		Topics: &[]*string{topic.Ref()},
		PolicyDocument: policy(map[string]any{
			"Sid": "OnlyAlarmsSpeak", "Effect": "Allow", "Principal": cloudwatch, "Action": "sns:Publish", "Resource": topic.Ref(), "Condition": ours,
		}),
	})
	named := awscdk.NewCfnCondition(stack, jsii.String("SomebodyIsNamed"), &awscdk.CfnConditionProps{
		Expression: awscdk.Fn_ConditionNot(awscdk.Fn_ConditionEquals(mail.ValueAsString(), jsii.String(""))),
	})
	awssns.NewCfnSubscription(stack, jsii.String("Mail"), &awssns.CfnSubscriptionProps{
		TopicArn: topic.Ref(), Protocol: jsii.String("email"), Endpoint: mail.ValueAsString(),
	}).CfnOptions().SetCondition(named)
	return topic
}

func policy(statements ...map[string]any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

func newAlarm(stack awscdk.Stack, s stage, a alarm, topic awssns.CfnTopic) {
	props := &awscloudwatch.CfnAlarmProps{
		AlarmName: jsii.String(s.alarmName(a)), AlarmDescription: jsii.String(a.todo), AlarmActions: &[]*string{topic.Ref()},
		ComparisonOperator: jsii.String("GreaterThanThreshold"), Threshold: jsii.Number(a.above),
		EvaluationPeriods: jsii.Number(a.among), DatapointsToAlarm: jsii.Number(a.times), TreatMissingData: jsii.String("notBreaching"),
	}
	period := jsii.Number(a.minutes * 60)
	if a.formula == "" {
		f := a.figures[0]
		props.Namespace, props.MetricName, props.Statistic, props.Period = jsii.String(f.namespace), jsii.String(f.metric), jsii.String(f.read), period
		props.Dimensions = []any{f.dimension()}
	} else {
		queries := []any{&awscloudwatch.CfnAlarm_MetricDataQueryProperty{
			Id: jsii.String("watched"), Expression: jsii.String(a.formula), Label: jsii.String(a.name), ReturnData: jsii.Bool(true),
		}}
		for n, f := range a.figures {
			queries = append(queries, &awscloudwatch.CfnAlarm_MetricDataQueryProperty{
				Id: jsii.String(key(n)), ReturnData: jsii.Bool(false),
				MetricStat: &awscloudwatch.CfnAlarm_MetricStatProperty{
					Period: period, Stat: jsii.String(f.read),
					Metric: &awscloudwatch.CfnAlarm_MetricProperty{Namespace: jsii.String(f.namespace), MetricName: jsii.String(f.metric), Dimensions: []any{f.dimension()}},
				},
			})
		}
		props.Metrics = queries
	}
	awscloudwatch.NewCfnAlarm(stack, jsii.String(camel(a.name)), props)
}

func (f figure) dimension() *awscloudwatch.CfnAlarm_DimensionProperty {
	return &awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String(f.of), Value: jsii.String(f.which)}
}

func (s stage) alarmName(a alarm) string { return "askpro-" + s.name + "-" + a.name }

// camel makes a logical id of a name.
func camel(name string) string {
	id := ""
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}
