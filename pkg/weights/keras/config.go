package keras

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/effnet/effnet/pkg/weights/state"
)

// tree is a configuration: a model's layers in the order of the forward
// pass, some of which are models themselves.
type tree struct {
	layers []node
}

type node struct {
	config config
	inner  *tree // of a nested model
}

// config is what matters of a layer's configuration.
type config struct {
	class, name string
	path        string // group of its weights in a store of Keras 3
	top         string // name of the outermost layer that holds it, or its own

	Activation activation `json:"activation"`
	Epsilon    *float64   `json:"epsilon"`
	Strides    []int      `json:"strides"`
	Dilation   []int      `json:"dilation_rate"`
	Scale      numbers    `json:"scale"`
	Offset     numbers    `json:"offset"`
	Mean       numbers    `json:"mean"`
	Variance   numbers    `json:"variance"`
	Invert     bool       `json:"invert"`
	Padding    padding    `json:"padding"`
	Input      []*int     `json:"batch_shape"`
	OldInput   []*int     `json:"batch_input_shape"`
}

const maxNesting = 16

// parseConfig reads config.json, or the attribute model_config.
func parseConfig(text []byte) (*tree, error) {
	var n rawNode
	if err := json.Unmarshal(text, &n); err != nil {
		return nil, state.Refuse("the model's configuration is not as Keras writes it: %v", err)
	}
	m, err := n.model("", "", 0)
	if err == nil && m == nil {
		err = state.Refuse("the model is a %s, whose layers its configuration does not list", state.Quote(n.Class))
	}
	return m, err
}

type rawNode struct {
	Module string          `json:"module"`
	Class  string          `json:"class_name"`
	Config json.RawMessage `json:"config"`
}

// rawModel is the configuration of a model; before Keras 2.2.3 that of a
// Sequential was the list of layers itself.
type rawModel struct {
	Layers []rawNode `json:"layers"`
}

// model gives the layers of a node that is a model, nil of any other. The
// groups of its layers are below path.
func (n rawNode) model(path, top string, depth int) (*tree, error) {
	sequential := n.Class == "Sequential"
	if !sequential && n.Class != "Functional" && n.Class != "Model" {
		return nil, nil
	}
	if depth > maxNesting {
		return nil, state.Refuse("models within models, more than %d deep", maxNesting)
	}
	var raw rawModel
	if json.Unmarshal(n.Config, &raw) != nil {
		if err := json.Unmarshal(n.Config, &raw.Layers); err != nil {
			return nil, state.Refuse("the configuration of a %s lists no layers", n.Class)
		}
	}
	m := &tree{}
	used := map[string]int{}
	for _, child := range raw.Layers {
		c, err := child.parse()
		if err != nil {
			return nil, err
		}
		c.top = top
		if top == "" {
			c.top = c.name
		}
		if !strings.HasPrefix(child.Module, "keras.src.ops") && !(sequential && c.class == "input_layer") {
			c.path = path + "layers/" + unique(c.class, used)
		}
		inner, err := child.model(c.path+"/", c.top, depth+1)
		if err != nil {
			return nil, err
		}
		m.layers = append(m.layers, node{*c, inner})
	}
	return m, nil
}

// unique numbers layers of the same class as Keras does.
func unique(class string, used map[string]int) string {
	n := used[class]
	used[class]++
	if n == 0 {
		return class
	}
	return fmt.Sprintf("%s_%d", class, n)
}

func (n rawNode) parse() (*config, error) {
	var named struct {
		Name string `json:"name"`
	}
	class := snake(n.Class)
	c := &config{}
	_ = json.Unmarshal(n.Config, &named) // a list of layers has no name
	if understood[class] {
		if err := json.Unmarshal(n.Config, c); err != nil {
			return nil, state.Refuse("the configuration of a layer of class %s is not as Keras writes it: %v", state.Quote(n.Class), err)
		}
	}
	c.class, c.name = class, named.Name
	return c, nil
}

// understood are the classes whose configuration is looked at.
var understood = map[string]bool{
	classConv: true, classDepthwise: true, classNorm: true, classDense: true, classRescaling: true, classNormalize: true,
	"input_layer": true, "activation": true, "zero_padding2d": true,
}

// flat lists the layers of a model and of the models in it.
func (m *tree) flat(nested bool) []*layer {
	var list []*layer
	for i := range m.layers {
		n := &m.layers[i]
		if n.inner != nil {
			list = append(list, n.inner.flat(true)...)
			continue
		}
		list = append(list, &layer{name: n.config.name, class: n.config.class, config: &n.config, top: n.config.top, nested: nested})
	}
	return list
}

// side is the size of the input, where it is square and the innermost model
// that says so decides.
func (m *tree) side() int {
	side := 0
	for _, n := range m.layers {
		shape := n.config.Input
		if shape == nil {
			shape = n.config.OldInput
		}
		if len(shape) == 4 && shape[1] != nil && shape[2] != nil && *shape[1] == *shape[2] {
			side = *shape[1]
		}
		if n.inner != nil {
			if s := n.inner.side(); s > 0 {
				side = s
			}
		}
	}
	return side
}

// activation is a name, alone or in what Keras makes of a function.
type activation string

func (a *activation) UnmarshalJSON(b []byte) error {
	var name *string
	if err := json.Unmarshal(b, &name); err == nil {
		if name != nil {
			*a = activation(*name)
		}
		return nil
	}
	var function struct {
		Class  string          `json:"class_name"`
		Config json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(b, &function); err != nil {
		return err
	}
	if err := json.Unmarshal(function.Config, &name); err == nil && name != nil {
		*a = activation(*name)
	} else {
		*a = activation(snake(function.Class))
	}
	return nil
}

// numbers is one number or a list of them, however deep; nil of null.
type numbers []float64

func (n *numbers) UnmarshalJSON(b []byte) error {
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	*n = nil
	return n.gather(x)
}

func (n *numbers) gather(x any) error {
	switch x := x.(type) {
	case nil:
	case bool: // "scale" of a batch norm
	case float64:
		*n = append(*n, x)
	case []any:
		for _, y := range x {
			if err := n.gather(y); err != nil {
				return err
			}
		}
	case map[string]any: // an array of NumPy, or a tensor
		if inner, ok := x["config"].(map[string]any); ok {
			return n.gather(inner["value"])
		}
		return n.gather(x["value"])
	default:
		return fmt.Errorf("%v is not a number", x)
	}
	return nil
}

// padding is top, bottom, left and right of a ZeroPadding2D; nil of a layer
// that names a rule.
type padding struct{ numbers }

func (p *padding) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return nil
	}
	return p.numbers.UnmarshalJSON(b)
}

var (
	notWord = regexp.MustCompile(`\W+`)
	capital = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	inside  = regexp.MustCompile(`([a-z])([A-Z])`)
)

// snake writes a class's name as Keras writes it in paths.
func snake(class string) string {
	s := notWord.ReplaceAllString(class, "")
	s = capital.ReplaceAllString(s, "${1}_${2}")
	return strings.ToLower(inside.ReplaceAllString(s, "${1}_${2}"))
}
