/* tests/fakes/fake_scenes.h
 *
 * The pictures of the fake engine (fake_app.h), and its state that they are filled into. */
#ifndef UNBRICK_TESTS_FAKES_FAKE_SCENES_H
#define UNBRICK_TESTS_FAKES_FAKE_SCENES_H

#include "tests/fakes/fake_app.h"

enum { FAKE_LIVE = 2, FAKE_ECHO_MAX = 4096 };

struct app {
	struct loop *loop;
	struct app_observer observer;
	struct snapshot snapshot;
	struct bench_state bench;
	struct case_view live[FAKE_LIVE];
	struct diagnosis_fact fact[1];
	struct loop_timer *feed;
	const char *scene;
	const char *other_text;		/* what the second console says */
	const char *console_text;	/* what the device says, once the console is open */
	bool is_flood, is_fed, is_walk;
	unsigned speaks, typed_at;	/* the console that bytes come from, and the one that keys went to */
	unsigned flood_line;
	char echo[FAKE_ECHO_MAX];
	size_t echo_size;
	unsigned number;
	uint64_t now_ms;	/* of the device: what it says comes at times that are always the same */
	int64_t first_case;
	const char *first_console;
	struct image_view image;
};

/* The scene's own name, of static memory; NULL: there is none. */
const char *fake_scene_name(const char *scene);
/* Fills the snapshot and what the device will say. */
void fake_fill_scene(struct app *app, const char *name);

/* Parts of scenes, for the calls that go on from one to the next. */
void fake_add_port(struct app *app, const char *path, const char *product, const char *serial, bool may_open);
void fake_add_case(struct app *app, int64_t id, const char *title, const char *cause, const char *note, bool is_open,
		     const char *outcomes);
struct case_view *fake_add_live(struct app *app, int64_t id, const char *title);
void fake_say(struct case_view *view, const char *text);
void fake_ask(struct case_view *view, enum question_type type, const char *text);
void fake_log_line(struct case_view *view, const char *clock, enum journal_by by, const char *text);
void fake_fill_device(struct case_view *view);
void fake_fill_happened(struct case_view *view);
void fake_fill_connect(struct case_view *view);
void fake_fill_diagnosis(struct case_view *view);
void fake_fill_word(struct case_view *view);
void fake_fill_outcome(struct case_view *view);

#endif
