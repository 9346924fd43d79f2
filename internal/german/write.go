package german

import (
	"fmt"
	"strconv"
	"strings"
)

// WriteDate is for letters: "Dienstag, 14. Oktober 2025".
func WriteDate(d Date) string {
	return WeekdayName(d) + ", " + strconv.Itoa(d.Day) + ". " + MonthName(d.Month) + " " + strconv.Itoa(d.Year)
}

// WriteDateShort is for tables and variables: "14.10.2025".
func WriteDateShort(d Date) string { return fmt.Sprintf("%02d.%02d.%04d", d.Day, d.Month, d.Year) }

// WriteTime is "14:30 Uhr".
func WriteTime(t TimeOfDay) string { return t.String() + " Uhr" }

// WriteRange is "14:30–15:00 Uhr".
func WriteRange(from, to TimeOfDay) string { return from.String() + "–" + to.String() + " Uhr" }

// WriteMoney is "1.234,50 €", with a no-break space before the sign (DIN 5008).
func WriteMoney(cents int) string {
	sign := ""
	if cents < 0 {
		sign, cents = "−", -cents
	}
	euro := strconv.Itoa(cents / 100)
	var b strings.Builder
	for i, c := range euro {
		if i > 0 && (len(euro)-i)%3 == 0 {
			b.WriteByte('.')
		}
		b.WriteRune(c)
	}
	return fmt.Sprintf("%s%s,%02d\u00a0€", sign, b.String(), cents%100)
}
