// Guestbook is an application for a WebserverCluster: a page with what its visitors
// have written, kept in the cluster's database.
//
// What an application owes the cluster, all of it in this file: it takes what it has to
// know from environment variables, serves HTTP on PORT, answers HEALTH_CHECK_PATH, keeps
// idle connections longer than the load balancer does, and finishes its requests after
// SIGTERM. What it does with the database is in store.go.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("the guest book ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	keepAlive, err := strconv.Atoi(os.Getenv("KEEP_ALIVE_SECONDS"))
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr:              ":" + os.Getenv("PORT"),
		Handler:           routes(store, os.Getenv("HEALTH_CHECK_PATH")),
		ReadHeaderTimeout: 10 * time.Second,
		// Never the first to close a connection: the load balancer might just be sending a
		// request on it, and answer 502.
		IdleTimeout: time.Duration(keepAlive) * time.Second,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// The instance is to go, and the load balancer sends nothing new. systemd kills what
	// has not ended in time.
	if err := server.Shutdown(context.Background()); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
