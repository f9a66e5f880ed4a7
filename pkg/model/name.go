package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/effnet/effnet/internal/near"
)

// UnknownError is a name that no variant has.
type UnknownError struct {
	Name string
	Near []string // full names that resemble it
}

func (e *UnknownError) Error() string {
	text := fmt.Sprintf("unknown variant %q", e.Name)
	if len(e.Near) > 0 {
		text += "; near: " + strings.Join(e.Near, ", ")
	}
	return text
}

// defaultBase is what a custom shape scales where it names no base.
const defaultBase = "b0"

// Lookup finds a variant: by its full name or without the "efficientnet-"
// prefix, or as a custom shape. That is depth, width and resolution in any
// order, none of them needed, as in "d1.3,w1.15,r272": B0 with its depth and
// width multiplied, for pictures of 272 pixels a side. Another base stands in
// front, as in "lite0:d1.3". The error is an *UnknownError or a *ShapeError.
func Lookup(name string) (Variant, error) {
	if v, ok := row(name); ok {
		return v, nil
	}
	if base, shape, ok := cutShape(name); ok {
		return lookupShape(base, shape)
	}
	return Variant{}, &UnknownError{Name: name, Near: nearVariants(name)}
}

func row(name string) (Variant, bool) {
	for _, v := range variants {
		if v.Name == name || v.shortName() == name {
			return v, true
		}
	}
	return Variant{}, false
}

func (v Variant) shortName() string { return strings.TrimPrefix(v.Name, prefix) }

// cutShape tells a shape from a name.
func cutShape(name string) (base, shape string, ok bool) {
	if base, shape, ok = strings.Cut(name, ":"); ok {
		return base, shape, true
	}
	if strings.Contains(name, ",") {
		return defaultBase, name, true
	}
	if len(name) > 1 && strings.Contains("dwr", name[:1]) {
		if _, err := strconv.ParseFloat(name[1:], 64); err == nil || isRange(err) {
			return defaultBase, name, true
		}
	}
	return "", "", false
}

func lookupShape(baseName, shape string) (Variant, error) {
	base, ok := row(baseName)
	if !ok {
		return Variant{}, &UnknownError{Name: baseName, Near: nearVariants(baseName)}
	}
	depth, width, resolution := 1.0, 1.0, base.Resolution
	var given []string
	for part := range strings.SplitSeq(shape, ",") {
		if part == "" || !strings.Contains("dwr", part[:1]) {
			return Variant{}, badShape("shape %q: %q is none of d (depth), w (width), r (resolution), each with a number behind", shape, part)
		}
		key, value := part[:1], part[1:]
		if slices.Contains(given, key) {
			return Variant{}, badShape("shape %q: %s is given twice", shape, key)
		}
		given = append(given, key)
		var err error
		switch key {
		case "d":
			depth, err = strconv.ParseFloat(value, 64)
		case "w":
			width, err = strconv.ParseFloat(value, 64)
		case "r":
			resolution, err = strconv.Atoi(value)
		}
		switch {
		case err != nil && isRange(err):
			return Variant{}, badShape("shape %q: %s is out of range", shape, value)
		case err != nil && key == "r":
			return Variant{}, badShape("shape %q: %q is not a whole number of pixels", shape, value)
		case err != nil:
			return Variant{}, badShape("shape %q: %q is not a number", shape, value)
		}
	}
	v, err := Scale(base, depth, width, resolution)
	if err != nil {
		return Variant{}, badShape("shape %q: %s", shape, err)
	}
	return v, nil
}

func isRange(err error) bool {
	n, ok := err.(*strconv.NumError)
	return ok && n.Err == strconv.ErrRange
}

// shapeName is the custom shape in the form that Lookup reads.
func (v Variant) shapeName() string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	name := fmt.Sprintf("d%s,w%s,r%d", number(v.custom.depth), number(v.custom.width), v.Resolution)
	if base := v.custom.base.shortName(); base != defaultBase {
		name = base + ":" + name
	}
	return name
}

// nearVariants compares with short names, else with full ones.
func nearVariants(name string) []string {
	var short, full []string
	for _, v := range variants {
		short, full = append(short, v.shortName()), append(full, v.Name)
	}
	matches := near.Names(strings.TrimPrefix(strings.ToLower(name), prefix), short)
	if matches == nil {
		return near.Names(name, full)
	}
	for i := range matches {
		matches[i] = prefix + matches[i]
	}
	return matches
}
