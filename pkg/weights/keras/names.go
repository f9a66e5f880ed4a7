package keras

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// part is what a layer is to the network: the unit of a step, or the batch
// norm behind it. A unit is a step by its name, with ".reduce" and ".expand"
// behind those of squeeze-and-excitation.
type part struct {
	unit string
	norm bool
}

var (
	scopeNumber = regexp.MustCompile(`_\d+$`)
	blockLayer  = regexp.MustCompile(`^block(\d{1,2})(.)_(\w+)$`)
	outerParts  = map[string]part{
		"stem_conv": {"stem", false}, "stem_bn": {"stem", true}, "top_conv": {"head", false}, "top_bn": {"head", true},
	}
	blockParts = map[string]part{
		"expand_conv": {"expand", false}, "expand_bn": {"expand", true},
		"dwconv": {"depthwise", false}, "dwconv2": {"depthwise", false}, "bn": {"depthwise", true},
		"se_reduce": {"se.reduce", false}, "se_expand": {"se.expand", false},
		"project_conv": {"project", false}, "project_bn": {"project", true},
	}
)

// parse understands the names of Keras' applications, which are those of the
// package efficientnet too: blocks are numbered by stage from 1 and lettered
// within it, past 'z' by what follows in Unicode.
func parse(name string) (part, bool) {
	for range 2 {
		if p, ok := outerParts[name]; ok {
			return p, true
		}
		if m := blockLayer.FindStringSubmatch(name); m != nil {
			p, ok := blockParts[m[3]]
			stage, _ := strconv.Atoi(m[1])
			letter, _ := utf8.DecodeRuneInString(m[2])
			if ok && stage > 0 && letter >= 'a' {
				p.unit = fmt.Sprintf("stages.%d.%d.%s", stage-1, letter-'a', p.unit)
				return p, true
			}
		}
		// TensorFlow 1 numbers the scopes of a second network.
		name = scopeNumber.ReplaceAllString(name, "")
	}
	return part{}, false
}

// parts gives layers to parts by their names, and the first layer whose name
// another has too. In EfficientNetV2's fused blocks expand_conv is the fused
// convolution, or project_conv where there is no expansion: it is the one of
// several pixels.
func parts(list []*layer) (found map[part]*layer, twice *layer) {
	named := map[part]*layer{}
	for _, l := range list {
		if p, ok := parse(l.name); ok {
			if named[p] != nil {
				return nil, l
			}
			named[p] = l
		}
	}
	found = make(map[part]*layer, len(named))
	for p, l := range named {
		block, role := cutRole(p.unit)
		if conv := named[part{unit: p.unit}]; (role == "expand" || role == "project") && conv != nil && conv.extent() > 1 {
			p.unit = block + "fused"
		}
		found[p] = l
	}
	return found, nil
}

// extent is the width of a convolution's kernel, 0 of another layer.
func (l *layer) extent() int {
	if k, ok := l.find("kernel"); ok && len(k.data.Shape) == 4 {
		return k.data.Shape[0]
	}
	return 0
}

var blockUnit = regexp.MustCompile(`^(stages\.\d+\.\d+\.)(.+)$`)

// cutRole splits a unit of a block into the block and what it is there.
func cutRole(unit string) (block, role string) {
	if m := blockUnit.FindStringSubmatch(unit); m != nil {
		return m[1], m[2]
	}
	return "", unit
}

// layerName is the inverse of parse: what Keras calls a part. Second is of
// EfficientNetV2, whose depthwise convolutions have a name of their own;
// expands of a fused block.
func layerName(p part, second, expands bool) string {
	block, role := cutRole(p.unit)
	want := part{role, p.norm}
	if block == "" {
		for name, q := range outerParts {
			if q == want {
				return name
			}
		}
		return p.unit
	}
	if role == "fused" {
		want.unit = "project"
		if expands {
			want.unit = "expand"
		}
	}
	for name, q := range blockParts {
		if q == want && (q.unit != "depthwise" || q.norm || second == (name == "dwconv2")) {
			ids := strings.Split(block, ".")
			stage, _ := strconv.Atoi(ids[1])
			index, _ := strconv.Atoi(ids[2])
			return fmt.Sprintf("block%d%c_%s", stage+1, 'a'+rune(index), name)
		}
	}
	return p.unit
}
