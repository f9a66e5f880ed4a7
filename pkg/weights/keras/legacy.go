package keras

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/effnet/effnet/pkg/weights/hdf5"
	"github.com/effnet/effnet/pkg/weights/state"
)

// fromLegacy reads the layout of Keras 2 and before: the attribute layer_names
// lists the layers of the outermost model in their order, the attribute
// weight_names of each layer's group the paths of its arrays below it.
func fromLegacy(g *hdf5.Group, tree *tree) (*layers, error) {
	names, err := texts(g, "layer_names")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, state.Refuse("the file lists no layers")
	}
	var all []*layer
	complete := true
	for _, name := range names {
		group, err := g.Group(name)
		if err != nil {
			return nil, err
		}
		inner, err := legacyGroup(group, name)
		if err != nil {
			return nil, err
		}
		if len(inner) > 0 && inner[0].nested {
			complete = false
		}
		all = append(all, inner...)
	}
	l := &layers{list: all, ordered: true, complete: complete}
	if tree != nil {
		err = l.configure(tree)
	}
	return l, err
}

// legacyGroup splits the arrays of a group by the layer that their paths name:
// several where the group is of a nested model.
func legacyGroup(g *hdf5.Group, name string) ([]*layer, error) {
	paths, err := texts(g, "weight_names")
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return []*layer{{name: name, top: name, class: classOf(name)}}, nil
	}
	var list []*layer
	byName := map[string]*layer{}
	for _, path := range paths {
		parts := strings.Split(path, "/")
		kind, _, _ := strings.Cut(parts[len(parts)-1], ":")
		owner := name
		if len(parts) > 1 {
			owner = parts[len(parts)-2]
		}
		if kind == "seed_generator_state" {
			continue
		}
		data, err := g.Dataset(path)
		if err != nil {
			return nil, err
		}
		l := byName[owner]
		if l == nil {
			l = &layer{name: owner, top: name, nested: true}
			byName[owner] = l
			list = append(list, l)
		}
		if kind == "depthwise_kernel" {
			l.class, kind = classDepthwise, "kernel"
		}
		l.vars = append(l.vars, variable{kind: kind, name: path, data: data})
	}
	if len(list) == 1 {
		// The scope of the arrays may be numbered where the layer is not.
		list[0].name, list[0].nested = name, false
	}
	for _, l := range list {
		l.guessClass()
	}
	return list, nil
}

// guessClass goes by the kinds of variables, else by the name.
func (l *layer) guessClass() {
	kernel, ok := l.find("kernel")
	_, norm := l.find("gamma")
	_, variance := l.find("moving_variance")
	switch {
	case l.class != "":
	case norm || variance:
		l.class = classNorm
	case ok && len(kernel.data.Shape) == 2:
		l.class = classDense
	case ok && strings.Contains(l.name, "depthwise"), ok && strings.Contains(l.name, "dwconv"):
		l.class = classDepthwise
	case ok && len(kernel.data.Shape) == 4:
		l.class = classConv
	default:
		l.class = classOf(l.name)
	}
}

var (
	numbered = regexp.MustCompile(`_\d+$`)
	autoName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// classOf takes the name that Keras gives a layer without one: its class,
// numbered.
func classOf(name string) string {
	class := numbered.ReplaceAllString(name, "")
	if !autoName.MatchString(class) {
		return ""
	}
	return class
}

// texts reads a list of strings, which Keras splits over several attributes
// where it is long: layer_names0, layer_names1 …
func texts(g *hdf5.Group, name string) ([]string, error) {
	if a, err := g.Attribute(name); err != nil {
		return nil, err
	} else if a != nil {
		return list(a)
	}
	var all []string
	for i := 0; ; i++ {
		a, err := g.Attribute(name + strconv.Itoa(i))
		if err != nil || a == nil {
			return all, err
		}
		part, err := list(a)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
}

// list reads an attribute of strings; an empty one has another type.
func list(a *hdf5.Attribute) ([]string, error) {
	for _, n := range a.Shape {
		if n == 0 {
			return nil, nil
		}
	}
	return a.Strings()
}

// configure gives the layers of a configuration their arrays.
func (l *layers) configure(tree *tree) error {
	type key struct{ top, name string }
	found := map[key]*layer{}
	for _, x := range l.list {
		if len(x.vars) > 0 {
			found[key{x.top, x.name}] = x
		}
	}
	configured := tree.flat(false)
	for _, x := range configured {
		k := key{x.top, x.name}
		if y := found[k]; y != nil {
			x.vars = y.vars
			delete(found, k)
		}
	}
	for _, x := range l.list {
		if found[key{x.top, x.name}] == x {
			return state.Refuse("the arrays of %s are of no layer of the configuration", x.title())
		}
	}
	*l = layers{list: configured, ordered: true, complete: true, configured: true, side: tree.side()}
	return nil
}
