package profile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Parse applies overrides of the form "KEY=VALUE,KEY=VALUE" to into. An empty
// string changes nothing. On an error, which names key and value, into is left
// as it was.
func Parse(overrides string, into *Profile) error {
	if strings.TrimSpace(overrides) == "" {
		return nil
	}
	p := *into
	seen := map[string]bool{}
	for item := range strings.SplitSeq(overrides, ",") {
		name, value, ok := strings.Cut(item, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok {
			return fmt.Errorf("profile: %q is not KEY=VALUE", item)
		}
		if seen[name] {
			return fmt.Errorf("profile: %s is given twice", name)
		}
		seen[name] = true
		if err := p.Set(name, value); err != nil {
			return err
		}
	}
	*into = p
	return nil
}

// Set changes one field from its text: padding, bn_eps, mean, std, crop,
// interpolation or resolution. Numbers may be fractions such as 127/255; mean
// and std are R:G:B in units of 0..1. On an error, which names key and value,
// p is left as it was.
func (p *Profile) Set(name, value string) error {
	for _, k := range keys {
		if k.name != name {
			continue
		}
		changed := *p
		if err := k.set(&changed, value); err != nil {
			return fmt.Errorf("profile: %s=%s: %w", name, value, err)
		}
		if err := k.check(&changed); err != nil {
			return fmt.Errorf("profile: %s=%s: %w", name, value, err)
		}
		*p = changed
		return nil
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return fmt.Errorf("profile: no key %q (value %q); the keys are %s", name, value, strings.Join(names, ", "))
}

// String writes the profile in the form that Parse reads; numbers are exact.
func (p Profile) String() string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.name + "=" + k.format(&p)
	}
	return strings.Join(parts, ",")
}

// parseNumber reads a decimal number or a fraction of two.
func parseNumber(s string) (float64, error) {
	num, den, fraction := strings.Cut(s, "/")
	n, err := parseFloat(num)
	if err != nil || !fraction {
		return n, err
	}
	d, err := parseFloat(den)
	if err != nil {
		return 0, err
	}
	if d == 0 {
		return 0, errors.New("division by zero")
	}
	return n / d, nil
}

func parseFloat(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return v, nil
}

func parseInt(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return v, nil
}

func parseRGB(s string) (rgb [3]float64, err error) {
	parts := strings.Split(s, ":")
	if len(parts) != len(rgb) {
		return rgb, errors.New("want three numbers, R:G:B")
	}
	for i, part := range parts {
		if rgb[i], err = parseNumber(part); err != nil {
			return rgb, err
		}
	}
	return rgb, nil
}

func formatNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func formatRGB(v [3]float64) string {
	return formatNumber(v[0]) + ":" + formatNumber(v[1]) + ":" + formatNumber(v[2])
}
