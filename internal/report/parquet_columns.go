package report

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
)

// column is a leaf of the parquet schema: how a value is had from a record, the null
// value where there is none, and how it is put back. i counts the elements of its list.
type column struct {
	name string
	list string // "", predictions, rules or embedding; of the same name where it is of plain values
	node parquet.Node
	get  func(r *Record, i int) parquet.Value
	set  func(e *entry, i int, v parquet.Value) error
}

// parquetColumns are one row a picture, as nested as JSON where that is a list.
func parquetColumns(s *Style) []column {
	var columns []column
	if s.Body == Embedding {
		columns = append(pathColumns(s), damagedColumn(), embeddingColumn())
	} else {
		columns = slices.Concat(pathColumns(s), pictureColumns(s), predictionColumns(s))
	}
	if s.Timing {
		columns = append(columns,
			millisColumn("decode_ms", func(t *classify.Timing) *time.Duration { return &t.Decode }),
			millisColumn("resize_ms", func(t *classify.Timing) *time.Duration { return &t.Resize }),
			millisColumn("model_ms", func(t *classify.Timing) *time.Duration { return &t.Model }),
			millisColumn("total_ms", func(t *classify.Timing) *time.Duration { return &t.Total }))
	}
	if s.Timing && s.Scaled {
		columns = append(columns, scaleColumn())
	}
	if s.Engine != nil {
		columns = append(columns,
			engineColumn("engine_version", s, func(e *Engine) *string { return &e.Version }),
			engineColumn("engine_tier", s, func(e *Engine) *string { return &e.Tier }),
			engineColumn("engine_model_sha256", s, func(e *Engine) *string { return &e.ModelSHA256 }))
	}
	if s.Check {
		columns = append(columns, checkColumns()...)
	}
	return append(columns,
		column{"error_kind", "", optional(word()), func(r *Record, _ int) parquet.Value {
			if r.Err == nil {
				return parquet.NullValue()
			}
			return stringValue(string(r.Err.Kind))
		}, func(e *entry, _ int, v parquet.Value) error {
			if e.Err = (&classify.Error{Kind: classify.Kind(v.String())}); !knownKind(e.Err.Kind) {
				return errors.New("unknown kind of error")
			}
			return nil
		}},
		column{"error_message", "", optional(parquet.String()), func(r *Record, _ int) parquet.Value {
			if r.Err == nil {
				return parquet.NullValue()
			}
			return stringValue(r.Err.Error())
		}, func(e *entry, _ int, v parquet.Value) error {
			if e.Err == nil {
				return errors.New("a message without a kind of error")
			}
			e.Err.Err = errors.New(v.String())
			return nil
		}})
}

func pathColumns(s *Style) []column {
	return []column{
		{"path", "", parquet.String(), func(r *Record, _ int) parquet.Value { return stringValue(r.Path) },
			func(e *entry, _ int, v parquet.Value) error { e.Path = v.String(); return nil }},
		{"path_b64", "", optional(parquet.String()), func(r *Record, _ int) parquet.Value {
			if utf8.ValidString(r.Path) {
				return parquet.NullValue()
			}
			return stringValue(base64.StdEncoding.EncodeToString([]byte(r.Path)))
		}, func(e *entry, _ int, v parquet.Value) error {
			path, err := base64.StdEncoding.Strict().DecodeString(v.String())
			e.Path = string(path)
			return err
		}},
		{"model", "", word(), func(*Record, int) parquet.Value { return stringValue(s.Model) },
			func(e *entry, _ int, v parquet.Value) error { e.model = v.String(); return nil }},
	}
}

func damagedColumn() column {
	return resultColumn("damaged", parquet.Leaf(parquet.BooleanType), func(r *classify.Result) parquet.Value { return parquet.BooleanValue(r.Damaged) },
		func(r *classify.Result, v parquet.Value) { r.Damaged = v.Boolean() })
}

func embeddingColumn() column {
	return column{"embedding", "embedding", parquet.Leaf(parquet.FloatType),
		func(r *Record, i int) parquet.Value { return parquet.FloatValue(r.Result.Embedding[i]) },
		func(e *entry, _ int, v parquet.Value) error {
			r := e.result()
			r.Embedding = append(r.Embedding, v.Float())
			return nil
		}}
}

func pictureColumns(s *Style) []column {
	return []column{
		{"precision", "", word(), func(*Record, int) parquet.Value { return stringValue(s.Precision) },
			func(e *entry, _ int, v parquet.Value) error { e.precision = v.String(); return nil }},
		resultColumn("image_format", word(), func(r *classify.Result) parquet.Value { return stringValue(r.Format) },
			func(r *classify.Result, v parquet.Value) { r.Format = v.String() }),
		resultColumn("width", parquet.Int(32), func(r *classify.Result) parquet.Value { return parquet.Int32Value(int32(r.Width)) },
			func(r *classify.Result, v parquet.Value) { r.Width = int(v.Int32()) }),
		resultColumn("height", parquet.Int(32), func(r *classify.Result) parquet.Value { return parquet.Int32Value(int32(r.Height)) },
			func(r *classify.Result, v parquet.Value) { r.Height = int(v.Int32()) }),
		damagedColumn(),
	}
}

func predictionColumns(s *Style) []column {
	one := func(name string, node parquet.Node, get func(p *classify.Prediction) parquet.Value, set func(p *classify.Prediction, v parquet.Value)) column {
		return column{name, "predictions", node,
			func(r *Record, i int) parquet.Value { return get(&r.Result.Predictions[i]) },
			func(e *entry, i int, v parquet.Value) error {
				r := e.result()
				for len(r.Predictions) <= i {
					r.Predictions = append(r.Predictions, classify.Prediction{})
				}
				set(&r.Predictions[i], v)
				return nil
			}}
	}
	columns := []column{
		one("rank", parquet.Int(32), func(p *classify.Prediction) parquet.Value { return parquet.Int32Value(int32(p.Rank)) },
			func(p *classify.Prediction, v parquet.Value) { p.Rank = int(v.Int32()) }),
		one("index", parquet.Int(32), func(p *classify.Prediction) parquet.Value { return parquet.Int32Value(int32(p.Index)) },
			func(p *classify.Prediction, v parquet.Value) { p.Index = int(v.Int32()) }),
		one("wnid", optional(word()), func(p *classify.Prediction) parquet.Value {
			if p.WNID == "" {
				return parquet.NullValue()
			}
			return stringValue(p.WNID)
		}, func(p *classify.Prediction, v parquet.Value) { p.WNID = v.String() }),
		one("label", word(), func(p *classify.Prediction) parquet.Value { return stringValue(p.Label) },
			func(p *classify.Prediction, v parquet.Value) { p.Label = v.String() }),
		one("probability", parquet.Leaf(parquet.DoubleType), func(p *classify.Prediction) parquet.Value {
			return parquet.DoubleValue(asPrinted(appendProbability(nil, p.Probability)))
		}, func(p *classify.Prediction, v parquet.Value) { p.Probability = v.Double() }),
	}
	if !s.Logits {
		return columns
	}
	return append(columns, one("logit", parquet.Leaf(parquet.FloatType),
		func(p *classify.Prediction) parquet.Value { return parquet.FloatValue(p.Logit) },
		func(p *classify.Prediction, v parquet.Value) { p.Logit = v.Float() }))
}

func checkColumns() []column {
	rule := func(name string, node parquet.Node, get func(r *check.Result) parquet.Value, set func(r *check.Result, v parquet.Value)) column {
		return column{name, "rules", node,
			func(r *Record, i int) parquet.Value { return get(&r.Check.Results[i]) },
			func(e *entry, i int, v parquet.Value) error {
				if e.Check == nil {
					return errors.New("rules without a verdict")
				}
				for len(e.Check.Results) <= i {
					e.Check.Results = append(e.Check.Results, check.Result{})
				}
				set(&e.Check.Results[i], v)
				return nil
			}}
	}
	return []column{
		{"passed", "", optional(parquet.Leaf(parquet.BooleanType)), func(r *Record, _ int) parquet.Value {
			if r.Check == nil {
				return parquet.NullValue()
			}
			return parquet.BooleanValue(r.Check.Passed)
		}, func(e *entry, _ int, v parquet.Value) error {
			e.Check = &check.Verdict{Passed: v.Boolean()}
			return nil
		}},
		rule("rule", word(), func(r *check.Result) parquet.Value { return stringValue(r.Rule) },
			func(r *check.Result, v parquet.Value) { r.Rule = v.String() }),
		rule("name", optional(word()), func(r *check.Result) parquet.Value {
			if r.Name == "" {
				return parquet.NullValue()
			}
			return stringValue(r.Name)
		}, func(r *check.Result, v parquet.Value) { r.Name = v.String() }),
		rule("want", word(), func(r *check.Result) parquet.Value { return stringValue(r.Want) },
			func(r *check.Result, v parquet.Value) { r.Want = v.String() }),
		rule("got", word(), func(r *check.Result) parquet.Value { return stringValue(r.Got) },
			func(r *check.Result, v parquet.Value) { r.Got = v.String() }),
		rule("passed", parquet.Leaf(parquet.BooleanType), func(r *check.Result) parquet.Value { return parquet.BooleanValue(r.Passed) },
			func(r *check.Result, v parquet.Value) { r.Passed = v.Boolean() }),
	}
}

// resultColumn is null where the input failed.
func resultColumn(name string, node parquet.Node, get func(r *classify.Result) parquet.Value, set func(r *classify.Result, v parquet.Value)) column {
	return column{name, "", optional(node),
		func(r *Record, _ int) parquet.Value {
			if r.Result == nil {
				return parquet.NullValue()
			}
			return get(r.Result)
		},
		func(e *entry, _ int, v parquet.Value) error { set(e.result(), v); return nil }}
}

func millisColumn(name string, of func(*classify.Timing) *time.Duration) column {
	c := resultColumn(name, parquet.Leaf(parquet.DoubleType), func(r *classify.Result) parquet.Value {
		return parquet.DoubleValue(asPrinted(appendMillis(nil, *of(&r.Timing))))
	}, nil)
	c.set = func(e *entry, _ int, v parquet.Value) error {
		e.timing = true
		return setMillis(of(&e.result().Timing), v.Double())
	}
	return c
}

func scaleColumn() column {
	c := resultColumn("scale", word(), func(r *classify.Result) parquet.Value { return stringValue(scaleText(r.Timing.Scale)) }, nil)
	c.set = func(e *entry, _ int, v parquet.Value) (err error) {
		e.result().Timing.Scale, err = parseScale(v.String())
		return err
	}
	return c
}

func engineColumn(name string, s *Style, of func(*Engine) *string) column {
	c := resultColumn(name, word(), func(*classify.Result) parquet.Value { return stringValue(*of(s.Engine)) }, nil)
	c.set = func(e *entry, _ int, v parquet.Value) error {
		if e.engine == nil {
			e.engine = &Engine{}
		}
		*of(e.engine) = v.String()
		return nil
	}
	return c
}

// result makes one where there is none yet.
func (e *entry) result() *classify.Result {
	if e.Result == nil {
		e.Result = &classify.Result{}
	}
	return e.Result
}

// word is text that comes again and again.
func word() parquet.Node { return parquet.Encoded(parquet.String(), &parquet.RLEDictionary) }

func optional(n parquet.Node) parquet.Node { return parquet.Optional(n) }

// stringValue has U+FFFD for each byte that is not UTF-8, as JSON has.
func stringValue(s string) parquet.Value {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return parquet.ByteArrayValue([]byte(s))
}

// asPrinted has no more digits than the other formats.
func asPrinted(digits []byte) float64 {
	v, _ := strconv.ParseFloat(string(digits), 64)
	return v
}

// ordered is a group whose fields stand in the order of names.
type ordered struct {
	parquet.Group
	names []string
}

func (o *ordered) add(name string, n parquet.Node) {
	o.Group[name] = n
	o.names = append(o.names, name)
}

func (o *ordered) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range o.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(o.names))
	for i, name := range o.names {
		fields[i] = byName[name]
	}
	return fields
}

// GoType is not used: rows are made of values.
func (o *ordered) GoType() reflect.Type { return reflect.TypeFor[struct{}]() }

func parquetSchema(columns []column) *parquet.Schema {
	root := &ordered{Group: parquet.Group{}}
	for i := 0; i < len(columns); {
		c := columns[i]
		if c.list == "" {
			root.add(c.name, c.node)
			i++
			continue
		}
		if c.list == c.name {
			root.add(c.list, parquet.List(c.node))
			i++
			continue
		}
		element := &ordered{Group: parquet.Group{}}
		for ; i < len(columns) && columns[i].list == c.list; i++ {
			element.add(columns[i].name, columns[i].node)
		}
		root.add(c.list, parquet.List(element))
	}
	return parquet.NewSchema("effnet", root)
}
