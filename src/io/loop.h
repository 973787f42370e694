/* src/io/loop.h
 *
 * The one event loop (libuv). One thread runs everything on it; slow work sits in libuv's worker threads and reports
 * back here. Core code uses timers, descriptors and work through these few calls, so that libuv's types stay in
 * src/io. */
#ifndef UNBRICK_IO_LOOP_H
#define UNBRICK_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/status.h"

struct uv_loop_s;
struct loop;
struct loop_timer;
struct loop_watch;

enum status loop_new(struct loop **ret_loop, struct error *reterr);
/* Closes what is still open on it. Work that a thread is in the middle of is waited for; no callback comes any more. */
void loop_free(struct loop *loop);
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Monotonic milliseconds, read anew. */
uint64_t loop_now_ms(void);
/* Milliseconds since 1970, for the journal and capture files. */
uint64_t loop_wall_ms(void);

/* A timer that is made once and armed again and again. UINT64_MAX disarms. The callback may arm or free its timer. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*on_time)(void *user), void *user);
void loop_timer_set_deadline(struct loop_timer *timer, uint64_t deadline_ms);
void loop_timer_set_after(struct loop_timer *timer, uint64_t delay_ms);
void loop_timer_free(struct loop_timer *timer);

enum loop_events { LOOP_READABLE = 1, LOOP_WRITABLE = 2 };
/* Watches a descriptor that the caller owns; free the watch before closing it. It watches for LOOP_READABLE until
 * loop_watch_set says otherwise; 0 pauses it. The callback may free its watch. NULL: no memory, or a descriptor that
 * cannot be waited for (a plain file). */
struct loop_watch *loop_watch_new(struct loop *loop, int descriptor, void (*on_event)(void *user, int events),
				  void *user);
void loop_watch_set(struct loop_watch *watch, int events);
void loop_watch_free(struct loop_watch *watch);

/* run is called in a worker thread, done on the loop afterwards. user must outlive both. */
enum status loop_work(struct loop *loop, void (*run)(void *user), void (*done)(void *user), void *user);

/* on_signal is called on the loop. NULL ignores the signal from now on. */
enum status loop_on_signal(struct loop *loop, int signal_number, void (*on_signal)(void *user, int signal_number),
			   void *user);

/* Runs a shell command (sh -c) without touching the operator's terminal; output is captured, 64 KiB at most, and
 * handed to on_exit with the exit status (-1: could not start, or ended by a signal). */
enum status loop_run_command(struct loop *loop, const char *command,
			     void (*on_exit)(void *user, int exit_status, const char *output), void *user,
			     struct error *reterr);

#endif
