#include "src/store/capture_syncer.h"

#include <signal.h>
#include <unistd.h>

enum { SYNC_INTERVAL_MS = 1000 };

/* A card or a stick may take seconds for a sync, and a tty keeps a fifth of a second at 3 MBd. */
static void *sync_again_and_again(void *user)
{
	struct capture_syncer *syncer = user;

	pthread_mutex_lock(&syncer->lock);
	for (;;) {
		while (!syncer->is_wanted && !syncer->is_ending)
			pthread_cond_wait(&syncer->wake, &syncer->lock);
		if (!syncer->is_wanted)
			break;
		syncer->is_wanted = false;
		pthread_mutex_unlock(&syncer->lock);
		fdatasync(syncer->raw_fd);
		fdatasync(syncer->times_fd);
		pthread_mutex_lock(&syncer->lock);
	}
	pthread_mutex_unlock(&syncer->lock);
	return NULL;
}

/* Signals are for the thread of the loop. */
static bool start_thread(struct capture_syncer *syncer, int raw_fd, int times_fd)
{
	sigset_t all, before;

	syncer->raw_fd = raw_fd;
	syncer->times_fd = times_fd;
	pthread_mutex_init(&syncer->lock, NULL);
	pthread_cond_init(&syncer->wake, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	syncer->is_running = pthread_create(&syncer->thread, NULL, sync_again_and_again, syncer) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return syncer->is_running;
}

void capture_syncer_end(struct capture_syncer *syncer)
{
	if (!syncer->is_running)
		return;
	pthread_mutex_lock(&syncer->lock);
	syncer->is_ending = true;
	pthread_cond_signal(&syncer->wake);
	pthread_mutex_unlock(&syncer->lock);
	pthread_join(syncer->thread, NULL);
	pthread_cond_destroy(&syncer->wake);
	pthread_mutex_destroy(&syncer->lock);
	syncer->is_running = syncer->is_ending = false;
}

void capture_syncer_want(struct capture_syncer *syncer, int raw_fd, int times_fd, uint64_t wall_ms)
{
	if (syncer->is_synced && capture_ms_between(wall_ms, syncer->synced_ms) < SYNC_INTERVAL_MS)
		return;
	syncer->is_synced = true;
	syncer->synced_ms = wall_ms;
	if (!syncer->is_running && !start_thread(syncer, raw_fd, times_fd))
		return;		/* no thread now: the next second tries again, and the closing syncs */
	pthread_mutex_lock(&syncer->lock);
	syncer->is_wanted = true;
	pthread_cond_signal(&syncer->wake);
	pthread_mutex_unlock(&syncer->lock);
}
