package fence

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	everythingBelow = "everything below"
	testsOnly       = "tests"
)

// room is a row of the table of rooms.
type room struct {
	path    string
	imports []string // rooms, or everythingBelow
}

// house is what ARCHITECTURE.md says about imports.
type house struct {
	rooms   []room              // top row first
	modules map[string][]string // module or package of others → rooms, or testsOnly
}

var quoted = regexp.MustCompile("`([^`]+)`")

// parseHouse reads the two tables whose headers begin with "room" and "module".
func parseHouse(markdown string) (house, error) {
	h := house{modules: map[string][]string{}}
	for _, row := range tableRows(markdown, "room", "may import") {
		path, imports := quoted.FindStringSubmatch(row[0]), row[len(row)-1]
		if path == nil {
			return h, fmt.Errorf("table of rooms: no `path` in %q", row[0])
		}
		list, err := cellList(imports, everythingBelow)
		if err != nil {
			return h, fmt.Errorf("%s: %w", path[1], err)
		}
		h.rooms = append(h.rooms, room{path[1], list})
	}
	for _, row := range tableRows(markdown, "module", "only in") {
		list, err := cellList(row[len(row)-1], testsOnly)
		if err != nil {
			return h, fmt.Errorf("%s: %w", row[0], err)
		}
		for _, m := range quoted.FindAllStringSubmatch(row[0], -1) {
			h.modules[m[1]] = list
		}
	}
	if len(h.rooms) == 0 || len(h.modules) == 0 {
		return h, fmt.Errorf("found %d rooms and %d modules", len(h.rooms), len(h.modules))
	}
	return h, h.validate()
}

// tableRows returns the cells of the table whose first header cell is first
// and whose last is last.
func tableRows(markdown, first, last string) [][]string {
	var rows [][]string
	inside := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == first && cells[len(cells)-1] == last:
			inside = true
		case inside && strings.Trim(cells[0], "-:") != "":
			rows = append(rows, cells)
		}
	}
	return rows
}

// cellList reads "–", the given word, names in backquotes, or names and the word
// at the end.
func cellList(cell, word string) ([]string, error) {
	switch cell {
	case "–":
		return nil, nil
	case word:
		return []string{word}, nil
	}
	var list []string
	if names, ok := strings.CutSuffix(cell, ", "+word); ok {
		cell, list = names, append(list, word)
	}
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		list = append(list, m[1])
	}
	if rest := strings.Trim(quoted.ReplaceAllString(cell, ""), ", "); len(list) == 0 || rest != "" {
		return nil, fmt.Errorf("cannot read the cell %q", cell)
	}
	return list, nil
}

// validate holds the table to itself: each row imports only rows below it.
func (h house) validate() error {
	for i, r := range h.rooms {
		for _, im := range r.imports {
			below := slices.ContainsFunc(h.rooms[i+1:], func(b room) bool { return b.path == im })
			if im != everythingBelow && !below {
				return fmt.Errorf("the row %s imports %s, which is no row below it", r.path, im)
			}
		}
	}
	for m, where := range h.modules {
		for _, w := range where {
			if w != testsOnly && !slices.ContainsFunc(h.rooms, func(r room) bool { return r.path == w }) {
				return fmt.Errorf("module %s: %s is no room", m, w)
			}
		}
	}
	return nil
}

func readHouse() (house, error) {
	b, err := os.ReadFile(root + "/ARCHITECTURE.md")
	if err != nil {
		return house{}, err
	}
	return parseHouse(string(b))
}
