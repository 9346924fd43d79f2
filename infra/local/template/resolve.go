package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// resolver turns yaml nodes into plain values with every intrinsic replaced.
type resolver struct {
	o          Options
	parameters map[string]string
	types      map[string]string // logical id → resource type
	raw        map[string]yaml.Node
}

func (r *resolver) value(n *yaml.Node, at string) (any, error) {
	switch n.Kind {
	case 0:
		return map[string]any{}, nil
	case yaml.AliasNode:
		return r.value(n.Alias, at)
	case yaml.ScalarNode:
		if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
			return nil, fmt.Errorf("%s: intrinsic %s is not known here; write it in its long form", at, n.Tag)
		}
		var v any
		err := n.Decode(&v)
		return v, err
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			v, err := r.value(c, fmt.Sprintf("%s[%d]", at, i))
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		if len(n.Content) == 2 {
			switch key := n.Content[0].Value; {
			case key == "Ref":
				return r.ref(n.Content[1].Value, at)
			case key == "Fn::GetAtt":
				return r.getAtt(n.Content[1], at)
			case key == "Fn::Sub":
				return r.sub(n.Content[1], at)
			case strings.HasPrefix(key, "Fn::"):
				return nil, fmt.Errorf("%s: intrinsic %s is not known to the local stack", at, key)
			}
		}
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			v, err := r.value(n.Content[i+1], at+"."+key)
			if err != nil {
				return nil, err
			}
			m[key] = v
		}
		return m, nil
	}
	return nil, fmt.Errorf("%s: a yaml node of kind %d", at, n.Kind)
}

func (r *resolver) ref(id, at string) (any, error) {
	if v, ok := r.parameters[id]; ok {
		return v, nil
	}
	switch id {
	case "AWS::Region":
		return Region, nil
	case "AWS::AccountId":
		return Account, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::StackName":
		return r.o.Stack, nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	}
	switch r.types[id] {
	case "AWS::SQS::Queue":
		return r.o.Endpoint + "/" + Account + "/" + r.name(id), nil
	case "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Events::EventBus", "AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Serverless::HttpApi", "AWS::SES::ConfigurationSet":
		return r.name(id), nil
	}
	return nil, fmt.Errorf("%s: Ref to %s, which is no parameter and no resource with a known name", at, id)
}

func (r *resolver) getAtt(n *yaml.Node, at string) (any, error) {
	var path []string
	if err := n.Decode(&path); err != nil || len(path) != 2 {
		return nil, fmt.Errorf("%s: Fn::GetAtt wants [resource, attribute]", at)
	}
	return r.attribute(path[0], path[1], at)
}

func (r *resolver) attribute(id, name, at string) (string, error) {
	arn := func(service, resource string) string {
		return "arn:aws:" + service + ":" + Region + ":" + Account + ":" + resource
	}
	switch r.types[id] + "." + name {
	case "AWS::SQS::Queue.Arn":
		return arn("sqs", r.name(id)), nil
	case "AWS::DynamoDB::Table.Arn":
		return arn("dynamodb", "table/"+r.name(id)), nil
	case "AWS::DynamoDB::Table.StreamArn":
		// The stream's label is made when the table is; the emulator's is found by the table's name.
		return arn("dynamodb", "table/"+r.name(id)+"/stream/*"), nil
	case "AWS::S3::Bucket.Arn":
		return "arn:aws:s3:::" + r.name(id), nil
	case "AWS::Events::EventBus.Arn":
		return arn("events", "event-bus/"+r.name(id)), nil
	case "AWS::Events::Rule.Arn": // of the default bus: those of another one have its name between
		return arn("events", "rule/"+r.name(id)), nil
	case "AWS::IAM::Role.Arn":
		return "arn:aws:iam::" + Account + ":role/" + r.name(id), nil
	case "AWS::Serverless::Function.Arn":
		return arn("lambda", "function:"+r.name(id)), nil
	}
	return "", fmt.Errorf("%s: attribute %s of %s (%s) is not known to the local stack", at, name, id, r.types[id])
}

var placeholder = regexp.MustCompile(`\$\{(!?)([^}]+)\}`)

func (r *resolver) sub(n *yaml.Node, at string) (any, error) {
	if n.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("%s: Fn::Sub with a map is not known to the local stack", at)
	}
	var failed error
	text := placeholder.ReplaceAllStringFunc(n.Value, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		if m[1] == "!" {
			return "${" + m[2] + "}"
		}
		var v any
		var err error
		if id, attribute, ok := strings.Cut(m[2], "."); ok {
			v, err = r.attribute(id, attribute, at)
		} else {
			v, err = r.ref(m[2], at)
		}
		if err != nil && failed == nil {
			failed = err
		}
		return fmt.Sprint(v)
	})
	return text, failed
}

// name is the physical name of a resource.
func (r *resolver) name(id string) string {
	switch r.types[id] {
	case "AWS::S3::Bucket":
		return strings.ToLower(r.o.Stack + "-" + id)
	case "AWS::Events::EventBus", "AWS::Serverless::Function":
		node := r.raw[id]
		var p struct {
			Name    yaml.Node `yaml:"Name"`
			CodeURI string    `yaml:"CodeUri"`
		}
		if node.Decode(&p) != nil {
			return id
		}
		if r.types[id] == "AWS::Serverless::Function" {
			return strings.Trim(strings.TrimPrefix(p.CodeURI, "functions/"), "/")
		}
		v, err := r.value(&p.Name, id+".Name")
		if err != nil {
			return id
		}
		return fmt.Sprint(v)
	}
	return r.o.Stack + "-" + id
}

// short makes kebab case of a logical id without its Queue.
func short(id string) string {
	id = strings.TrimSuffix(id, "Queue")
	var b strings.Builder
	for i, c := range id {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('-')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
