package german

// Error says why a phrase could not be taken as it stands; the empty Error means it could.
type Error string

// The errors of the grammar. For ErrPastDate, ErrPastTime, ErrWeekdayMismatch and ErrTooFar what was understood stays in
// the Result; for the others it is empty, except that a local time that does not exist keeps its date.
const (
	ErrUnparseable     Error = "unparseable"
	ErrAmbiguous       Error = "ambiguous"
	ErrInvalidDate     Error = "invalid_date"
	ErrInvalidTime     Error = "invalid_time"
	ErrContradiction   Error = "contradiction"
	ErrPastDate        Error = "past_date"
	ErrPastTime        Error = "past_time"
	ErrWeekdayMismatch Error = "weekday_mismatch"
	ErrTooFar          Error = "too_far"
)

// Reading is one way to understand a phrase.
type Reading struct {
	Date Date
	Time TimeOfDay
}

// Window is a range of days, of times of day, or of both. Days are inclusive; times are half-open and compared with the
// start of a slot. A zero Date or NoTime is an open side.
type Window struct {
	From, To         Date
	TimeFrom, TimeTo TimeOfDay
}

// Result is what was said. Date and Time are zero and NoTime where nothing was said of them.
type Result struct {
	Date      Date
	Time      TimeOfDay
	Window    Window
	HasWindow bool
	Err       Error
	// Candidates are the two readings of an ambiguous phrase, where there are exactly two; for ErrWeekdayMismatch the
	// nearest day with the weekday that was said, and the date that was said, in order of time.
	Candidates [2]Reading
	// Used and Left are the words that were understood and those that were not, in order; fillers are in neither.
	Used, Left []string
}
