package keras

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/effnet/effnet/pkg/weights/hdf5"
	"github.com/effnet/effnet/pkg/weights/state"
)

// fromStore reads the layout of Keras 3: below the group root/name a group for
// each layer, named by its class and numbered, in it the group "vars" of its
// arrays "0", "1" …; models within models the same way.
func fromStore(root *hdf5.Group, name string, tree *tree) (*layers, error) {
	s := store{}
	if err := s.walk(root, name, 0); err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.found, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.number, b.number))
	})
	l := &layers{complete: true}
	if tree != nil {
		return s.configured(tree)
	}
	for _, p := range s.found {
		l.list = append(l.list, p.layer)
	}
	return l, nil
}

// storeNames are what Keras 3 and, before it, Keras 2.12 call the group of a
// model's layers.
var storeNames = [2]string{"layers", "_layer_checkpoint_dependencies"}

// store gathers the layers of a file.
type store struct{ found []placed }

// placed is a layer and its place among those of its class.
type placed struct {
	*layer
	path   string // as Keras 3 writes it, "layers/conv2d_7"
	number int
}

var numberedClass = regexp.MustCompile(`^(.*?)(?:_(\d+))?$`)

func (s *store) walk(parent *hdf5.Group, name string, depth int) error {
	if depth > maxNesting {
		return state.Refuse("models within models, more than %d deep", maxNesting)
	}
	group, err := parent.Group(name)
	if err != nil {
		return err
	}
	links, err := group.Links()
	if err != nil {
		return err
	}
	for _, l := range links {
		child, _, err := group.Child(l.Name)
		if err != nil {
			return err
		}
		if child == nil {
			return state.Refuse("%s is not a group, as a layer of Keras 3 is", state.Quote(group.Path()+"/"+l.Name))
		}
		if err := s.layer(child, l.Name, depth); err != nil {
			return err
		}
	}
	return nil
}

// layer reads a layer's group, or the model that it is.
func (s *store) layer(g *hdf5.Group, name string, depth int) error {
	for _, inner := range storeNames {
		if ok, err := g.Has(inner); err != nil {
			return err
		} else if ok {
			return s.walk(g, inner, depth+1)
		}
	}
	parts := numberedClass.FindStringSubmatch(name)
	number, _ := strconv.Atoi(parts[2])
	path := strings.ReplaceAll(g.Path(), storeNames[1], storeNames[0])
	p := placed{&layer{name: path, class: parts[1], nested: depth > 0}, path, number}
	p.top, _, _ = strings.Cut(strings.TrimPrefix(path, "layers/"), "/")
	if ok, err := g.Has("vars"); err != nil {
		return err
	} else if ok {
		vars, err := g.Group("vars")
		if err != nil {
			return err
		}
		if err := p.read(vars); err != nil {
			return err
		}
	}
	s.found = append(s.found, p)
	return nil
}

// read takes the arrays of a layer, and its name where Keras wrote it down.
func (p *placed) read(g *hdf5.Group) error {
	if a, err := g.Attribute("name"); err != nil {
		return err
	} else if a != nil {
		if p.name, err = a.Text(); err != nil {
			return err
		}
	}
	links, err := g.Links()
	if err != nil {
		return err
	}
	names := kinds[p.class]
	for i := range links {
		name := strconv.Itoa(i)
		if ok, err := g.Has(name); err != nil {
			return err
		} else if !ok {
			return state.Refuse("%s has %d arrays, but none named %s", state.Quote(g.Path()), len(links), name)
		}
		data, err := g.Dataset(name)
		if err != nil {
			return err
		}
		v := variable{kind: name, name: data.Path(), data: data}
		if i < len(names) {
			v.kind = names[i]
		}
		p.vars = append(p.vars, v)
	}
	return nil
}

// configured gives the layers of a configuration their arrays.
func (s *store) configured(tree *tree) (*layers, error) {
	byPath := map[string]*layer{}
	for _, p := range s.found {
		byPath[p.path] = p.layer
	}
	list := tree.flat(false)
	for _, x := range list {
		if y := byPath[x.config.path]; y != nil && x.config.path != "" {
			x.vars = y.vars
			delete(byPath, x.config.path)
		}
	}
	for _, p := range s.found {
		if len(p.vars) > 0 && byPath[p.path] != nil {
			return nil, state.Refuse("the arrays in %s are of no layer of the configuration", state.Quote(p.path))
		}
	}
	return &layers{list: list, ordered: true, complete: true, configured: true, side: tree.side()}, nil
}
