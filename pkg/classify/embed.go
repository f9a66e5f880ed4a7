package classify

import (
	"context"
	"slices"
)

// Features is the length of an embedding.
func (m *Model) Features() int { return m.plan.Features() }

// kept is the number of features that results have.
func (m *Model) kept() int {
	if m.embedding {
		return m.Features()
	}
	return 0
}

// Embed gives what the network sees in an encoded picture before it names it:
// the features after global pooling, before dropout and classifier, [Features].
// Errors are those of Bytes.
func (m *Model) Embed(ctx context.Context, data []byte) ([]float32, error) {
	r, err := m.pooled(ctx, func(s *Session) (*Result, error) { return s.embed(ctx, data) })
	if err != nil {
		return nil, err
	}
	return r.Embedding, nil
}

// Embed is Model.Embed on the session's threads.
func (s *Session) Embed(ctx context.Context, data []byte) ([]float32, error) {
	r, err := s.embed(ctx, data)
	if err != nil {
		return nil, err
	}
	return r.Embedding, nil
}

// EmbedBatch is Batch with results that have their Embedding, of the same run of
// the network. Without Options.Embedding it passes the cache by.
func (s *Session) EmbedBatch(ctx context.Context, pictures [][]byte) []Outcome {
	return s.batch(ctx, pictures, true)
}

func (s *Session) embed(ctx context.Context, data []byte) (*Result, error) {
	if s.m.embedding {
		return s.Bytes(ctx, data)
	}
	return s.one(ctx, s.m.decode(data), true)
}

// embedding copies the features of picture i of the last run.
func (s *Session) embedding(i int) []float32 {
	n := s.m.Features()
	return slices.Clone(s.ws.Embeddings()[i*n : (i+1)*n])
}
