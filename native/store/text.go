package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kvscope/web/api"
)

// ErrNoText says that there is no text of that name.
var ErrNoText = errors.New("no such text, or it made room for newer ones")

// errOtherText says that two texts have one name.
var errOtherText = errors.New("another text has this name")

// KeepText keeps a text under api.TextName, and lets those go that were used longest ago
// where all together have more than most bytes.
func (s *Store) KeepText(ctx context.Context, text string, most int) error {
	name := api.TextName(text)
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO text (name, content, bytes, used) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET used = excluded.used",
			name, text, len(text), now()); err != nil {
			return err
		}
		var kept string
		if err := tx.QueryRowContext(ctx, "SELECT content FROM text WHERE name = ?", name).Scan(&kept); err != nil {
			return err
		}
		if kept != text {
			return errOtherText
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM text WHERE name <> ?1 AND name IN (
			SELECT name FROM (SELECT name, sum(bytes) OVER (ORDER BY name = ?1 DESC, used DESC, name) AS total FROM text) WHERE total > ?2)`, name, most)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep text %s: %w", name, err)
	}
	return nil
}

// Text is the text of a name, or ErrNoText.
func (s *Store) Text(ctx context.Context, name string) (text string, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "UPDATE text SET used = ? WHERE name = ? RETURNING content", now(), name).Scan(&text)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", ErrNoText
	case err != nil:
		return "", fmt.Errorf("read text %s: %w", name, err)
	}
	return text, nil
}
