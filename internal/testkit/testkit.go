// Package testkit is what tests of several rooms need: memory between guard
// pages, the reference goldens, error bounds, seeded inputs. Only tests may
// import it.
package testkit
