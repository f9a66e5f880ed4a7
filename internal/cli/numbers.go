package cli

import (
	"fmt"
	"strconv"
	"strings"
)

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	first := (len(digits)-1)%3 + 1
	var b strings.Builder
	b.WriteString(digits[:first])
	for i := first; i < len(digits); i += 3 {
		b.WriteString("," + digits[i:i+3])
	}
	return b.String()
}

// short writes a number that is not negative with three digits and a decimal prefix.
func short(n int64) string {
	x := float64(n)
	for _, unit := range []string{"", " k", " M", " G"} {
		if x < 999.5 {
			if unit == "" {
				return fmt.Sprintf("%.0f", x)
			}
			return threeDigits(x) + unit
		}
		x /= 1000
	}
	return threeDigits(x) + " T"
}

// sized is short for a number of bytes.
func sized(n int64) string {
	text := short(n)
	if !strings.Contains(text, " ") {
		return text + " B"
	}
	return text + "B"
}

func threeDigits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// times writes a ratio.
func times(part, whole int64) string {
	return threeDigits(float64(part)/float64(whole)) + "×"
}
