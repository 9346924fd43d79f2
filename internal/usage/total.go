package usage

import (
	"cmp"
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/askpro/gateway/internal/inert"
)

// Total is what a branch used in a month by one meter and channel. Count is of how many calls or deliveries.
type Total struct {
	Month    Month
	BranchID string
	Meter    Meter
	Channel  string
	Quantity int64
	Count    int
}

// Sum adds readings up, by month, branch, meter and channel, in this order.
func Sum(list []Reading) []Total {
	sums := map[Total]Total{}
	for _, r := range list {
		of := Total{Month: MonthOf(r.At), BranchID: r.BranchID, Meter: r.Meter, Channel: r.Channel}
		sum := sums[of]
		of.Quantity, of.Count = sum.Quantity+r.Quantity, sum.Count+1
		sums[Total{Month: of.Month, BranchID: of.BranchID, Meter: of.Meter, Channel: of.Channel}] = of
	}
	return slices.SortedFunc(maps.Values(sums), func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Month.String(), b.Month.String()), cmp.Compare(a.BranchID, b.BranchID), cmp.Compare(a.Meter, b.Meter), cmp.Compare(a.Channel, b.Channel))
	})
}

// byteOrderMark tells office programs that a table is UTF-8.
const byteOrderMark = "\ufeff"

// WriteCSV writes totals as a table that German office programs open; branch gives a branch's name.
func WriteCSV(w io.Writer, companyName string, branch func(id string) string, list []Total) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	rows := [][]string{{"Monat", "Firma", "Filiale", "Zähler", "Kanal", "Menge", "Einheit", "Anzahl"}}
	for _, t := range list {
		rows = append(rows, []string{
			t.Month.String(), inert.Cell(companyName), inert.Cell(branch(t.BranchID)), label(t.Meter), channelLabel(t.Channel), strconv.FormatInt(t.Quantity, 10), unit(t.Meter), strconv.Itoa(t.Count),
		})
	}
	return out.WriteAll(rows)
}

func label(m Meter) string {
	switch m {
	case CallSeconds:
		return "Telefonie"
	case DeliveriesSent:
		return "Zustellungen"
	}
	return inert.Cell(string(m))
}

func unit(m Meter) string {
	if m == CallSeconds {
		return "Sekunden"
	}
	return "Stück"
}

func channelLabel(channel string) string {
	if channel == "email" {
		return "E-Mail"
	}
	if channel == "webhook" {
		return "Webhook"
	}
	return inert.Cell(channel)
}
