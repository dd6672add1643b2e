//go:build !js

package fetch

import (
	"context"
	"errors"
)

// File is there in browsers only.
func File(context.Context, string, int, func(int)) ([]byte, error) {
	return nil, errors.New("files of a site are fetched by browsers only")
}
