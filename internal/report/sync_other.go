//go:build !unix

package report

func syncFolder(string) error { return nil }
