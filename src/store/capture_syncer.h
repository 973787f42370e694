/* src/store/capture_syncer.h
 *
 * The thread that brings a capture's files to the disk, once a second at most. It begins with the first bytes. */
#ifndef UNBRICK_STORE_CAPTURE_SYNCER_H
#define UNBRICK_STORE_CAPTURE_SYNCER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct capture_syncer {		/* zeroed to begin with */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_wanted, is_ending;	/* under the lock */
	bool is_running, is_synced;	/* of the capture's own thread */
	int raw_fd, times_fd;
	uint64_t synced_ms;
};

/* The wall clock may be set back: any distance counts. */
static inline uint64_t capture_ms_between(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms;
}

/* Something was written. Never waits for the disk. */
void capture_syncer_want(struct capture_syncer *syncer, int raw_fd, int times_fd, uint64_t wall_ms);
/* Waits for the sync that is under way; before the files are closed. */
void capture_syncer_end(struct capture_syncer *syncer);

#endif
