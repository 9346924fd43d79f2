package german

// Words both directions use: what is spoken is what the parser reads back.
var (
	weekdayNames = [...]string{"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"}
	weekdayAbbrs = [...]string{"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"}
	monthNames   = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	// hourWords are the hours of a twelve-hour clock as they stand after "halb" and "viertel nach".
	hourWords = [...]string{"zwölf", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf"}
)

// WeekdayName is "Dienstag".
func WeekdayName(d Date) string { return weekdayNames[d.Weekday()-1] }

// WeekdayAbbr is "Di".
func WeekdayAbbr(d Date) string { return weekdayAbbrs[d.Weekday()-1] }

// MonthName is "Oktober" for 10.
func MonthName(month int) string { return monthNames[month-1] }
