package client

import "context"

// get fetches what is at an address.
func get(ctx context.Context, at string) ([]byte, error) {
	status, body, err := send(ctx, methodGet, at, "", nil)
	if err != nil {
		return nil, err
	}
	if status != statusOK {
		return nil, &statusError{at, status}
	}
	return body, nil
}
