package event

// ConfigChanged: something of a company's configuration was saved and is different now: an output, a category, a branch.
// Kind and ObjectID say what, Fields which of its fields; no value is in it. Sequence is the configuration's new version. From whoever
// saves it. Nobody hears it yet: processes look at the configuration's version themselves, and the audit trail is written in
// the transaction of the save.
type ConfigChanged struct {
	Head
	Kind     string   `json:"kind"`
	ObjectID string   `json:"id"`
	Fields   []string `json:"changed_fields"`
	Actor    Actor    `json:"actor"`
}

// Name of the event on the bus.
func (ConfigChanged) Name() string { return "config.changed.v1" }
