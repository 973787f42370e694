/* Files one after the other leave a processor idle: a hash and a look at a small file take turns more than they overlap. */
#include <pthread.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/media/digest.h"
#include "src/media/examine.h"

enum {
	WORKERS = 2,	/* each may need the memory of a stream's dictionary */
	AHEAD = 8,	/* results that wait for those before them */
};

struct result {
	bool is_there;
	enum status status;
	struct examination examination;
	struct error error;
};

struct work {
	const char *const *paths;
	size_t count;
	const struct examine_options *options;
	pthread_mutex_t lock;	/* over what follows */
	pthread_cond_t news;
	size_t taken, told;
	struct result result[AHEAD];
};

static void *run_worker(void *user)
{
	struct work *work = user;

	pthread_mutex_lock(&work->lock);
	while (work->taken < work->count) {
		size_t at = work->taken;
		struct result *result = &work->result[at % AHEAD];

		if (at >= work->told + AHEAD) {
			pthread_cond_wait(&work->news, &work->lock);
			continue;
		}
		work->taken++;
		pthread_mutex_unlock(&work->lock);
		result->status = examine_file(work->paths[at], work->options, &result->examination, &result->error);
		pthread_mutex_lock(&work->lock);
		result->is_there = true;
		pthread_cond_broadcast(&work->news);
	}
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

typedef void tell_function(void *user, const char *path, enum status status, const struct examination *examination, const struct error *error);

static void tell_all(struct work *work, tell_function *tell, void *user)
{
	for (size_t i = 0; i < work->count; i++) {
		struct result *result = &work->result[i % AHEAD];

		pthread_mutex_lock(&work->lock);
		while (!result->is_there)
			pthread_cond_wait(&work->news, &work->lock);
		pthread_mutex_unlock(&work->lock);
		tell(user, work->paths[i], result->status, &result->examination, &result->error);
		pthread_mutex_lock(&work->lock);
		result->is_there = false;
		work->told++;
		pthread_cond_broadcast(&work->news);
		pthread_mutex_unlock(&work->lock);
	}
}

static void examine_in_turn(const char *const *paths, size_t count, const struct examine_options *options, tell_function *tell, void *user)
{
	struct examination examination;
	struct error error;

	for (size_t i = 0; i < count; i++) {
		enum status status = examine_file(paths[i], options, &examination, &error);

		tell(user, paths[i], status, &examination, &error);
	}
}

void examine_files(const char *const *paths, size_t count, const struct examine_options *options, tell_function *tell, void *user)
{
	AUTO_FREE struct work *work = count > 1 && options->look != IMAGE_LOOK_DEEP ? calloc(1, sizeof(*work)) : NULL;
	pthread_t thread[WORKERS];
	size_t threads = 0;

	if (options->is_short_run)
		digest_leave_configuration();
	if (work != NULL) {
		work->paths = paths;
		work->count = count;
		work->options = options;
		pthread_mutex_init(&work->lock, NULL);
		pthread_cond_init(&work->news, NULL);
		while (threads < WORKERS && pthread_create(&thread[threads], NULL, run_worker, work) == 0)
			threads++;
	}
	if (threads > 0)
		tell_all(work, tell, user);
	else
		examine_in_turn(paths, count, options, tell, user);
	for (size_t i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	if (work != NULL) {
		pthread_cond_destroy(&work->news);
		pthread_mutex_destroy(&work->lock);
	}
}
