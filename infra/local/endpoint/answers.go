package endpoint

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
)

// words are what S3 and STS call the errors of the others.
var words = map[string]map[string]string{
	"s3": {
		"AccessDeniedException": "AccessDenied", "InvalidSignatureException": "SignatureDoesNotMatch", "UnrecognizedClientException": "InvalidAccessKeyId",
		"ExpiredTokenException": "ExpiredToken", "MissingAuthenticationTokenException": "AccessDenied", "InternalServerError": "InternalError",
	},
	"sts": {
		"AccessDeniedException": "AccessDenied", "InvalidSignatureException": "SignatureDoesNotMatch", "UnrecognizedClientException": "InvalidClientTokenId",
		"ExpiredTokenException": "ExpiredToken", "MissingAuthenticationTokenException": "MissingAuthenticationToken", "InternalServerError": "InternalFailure",
		"ValidationException": "ValidationError",
	},
}

// refusal is an error in the service's own form.
func refusal(service string, status int, code, message string) *answer {
	if own := words[service][code]; own != "" {
		code = own
	}
	switch service {
	case "s3":
		return xmlAnswer(status, struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
			Message string
		}{Code: code, Message: message})
	case "sts":
		return xmlAnswer(status, struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}{Type: "Sender", Code: code, Message: message})
	}
	return jsonError(status, code, message)
}

// denial is what a service answers to who may not: JSON protocols with 400, the others with 403.
func denial(service, reason string) *answer {
	status := http.StatusBadRequest
	if service == "s3" || service == "sts" || service == "ses" {
		status = http.StatusForbidden
	}
	return refusal(service, status, "AccessDeniedException", reason)
}

func xmlAnswer(status int, v any) *answer {
	body, err := xml.Marshal(v)
	if err != nil {
		return &answer{http.StatusInternalServerError, http.Header{}, []byte(err.Error())}
	}
	return &answer{status, http.Header{"Content-Type": {"text/xml"}}, body}
}

func jsonError(status int, code, message string) *answer {
	body, _ := json.Marshal(map[string]string{"__type": code, "message": message, "Message": message})
	return &answer{status, http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Errortype": {code}}, body}
}

func jsonAnswer(v any) *answer {
	body, err := json.Marshal(v)
	if err != nil {
		return jsonError(http.StatusInternalServerError, "InternalFailure", err.Error())
	}
	return &answer{http.StatusOK, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body}
}

// The shapes of SendTextMessage's members (botocore, pinpoint-sms-voice-v2/2022-03-31).
var (
	smsNumber = regexp.MustCompile(`^\+?[1-9][0-9]{1,18}$`)
	smsSender = regexp.MustCompile(`^[A-Za-z0-9_:/+-]{1,256}$`)
)

// mailTag is the shape of EmailTags' names and values (docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html).
var mailTag = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// sms takes a text message.
func (e *Endpoint) sms(ctx context.Context, c *call) *answer {
	bad := func(reason string) *answer {
		body, _ := json.Marshal(map[string]string{"__type": "ValidationException", "Message": reason, "Reason": "INVALID_PARAMETER"})
		return &answer{http.StatusBadRequest, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body}
	}
	if c.operation != "SendTextMessage" {
		return bad("only SendTextMessage is known to the local stack")
	}
	var in struct {
		DestinationPhoneNumber, OriginationIdentity, MessageBody, MessageType string
		Context                                                               map[string]string
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return bad(err.Error())
	}
	switch {
	case !smsNumber.MatchString(in.DestinationPhoneNumber):
		return bad("DestinationPhoneNumber")
	case !smsSender.MatchString(in.OriginationIdentity):
		return bad("OriginationIdentity")
	case in.MessageBody == "" || len(in.MessageBody) > 1600:
		return bad("MessageBody")
	case in.MessageType != "" && in.MessageType != "TRANSACTIONAL" && in.MessageType != "PROMOTIONAL":
		return bad("MessageType")
	}
	id, fate, err := e.Mailbox.ReceiveSMS(in.OriginationIdentity, in.DestinationPhoneNumber, in.MessageBody)
	if err == nil {
		err = e.textEvent(ctx, id, in.OriginationIdentity, in.DestinationPhoneNumber, in.MessageType, in.Context, fate)
	}
	return received(id, err)
}

// ses takes a letter that SendEmail carries as MIME.
func (e *Endpoint) ses(ctx context.Context, c *call) *answer {
	bad := func(why string) *answer { return jsonError(http.StatusBadRequest, "BadRequestException", why) }
	if c.operation != "SendEmail" {
		return bad("only SendEmail is known to the local stack")
	}
	var in struct {
		FromEmailAddress     string
		Destination          struct{ ToAddresses, CcAddresses, BccAddresses []string }
		Content              struct{ Raw struct{ Data []byte } }
		ConfigurationSetName string
		EmailTags            []struct{ Name, Value string }
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return bad(err.Error())
	}
	if len(in.Content.Raw.Data) == 0 {
		return bad("only raw letters (Content.Raw) are taken by the local stack")
	}
	to := slices.Concat(in.Destination.ToAddresses, in.Destination.CcAddresses, in.Destination.BccAddresses)
	if len(to) == 0 {
		return bad("the letter has no Destination")
	}
	tags := map[string]any{}
	for _, t := range in.EmailTags {
		if !mailTag.MatchString(t.Name) || !mailTag.MatchString(t.Value) {
			return bad("a tag's name and value have 1 to 256 letters, digits, _ and -: " + t.Name + "=" + t.Value)
		}
		tags[t.Name] = []string{t.Value}
	}
	if _, known := e.System.MailSets[in.ConfigurationSetName]; !known && in.ConfigurationSetName != "" {
		return jsonError(http.StatusNotFound, "NotFoundException", "there is no configuration set "+in.ConfigurationSetName)
	}
	id, fate, err := e.Mailbox.ReceiveSES(in.FromEmailAddress, to, in.Content.Raw.Data)
	if err == nil {
		err = e.mailEvents(ctx, in.ConfigurationSetName, tags, id, in.FromEmailAddress, to, fate)
	}
	return received(id, err)
}
