#include "tests/fakes/fake_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/fakes/fake_image.h"

enum { FAKE_LIVE = 2, FAKE_ECHO_MAX = 4096, LINE_MS = 137 };
#define FIRST_BYTE_MS 1700000000000ull


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

/* ---- scenes ---- */

static void add_port(struct app *app, const char *path, const char *product, const char *serial, bool may_open)
{
	struct bench_port *port = &app->bench.port[app->bench.port_count++];

	text_copy(port->path, sizeof(port->path), path);
	text_copy(port->product, sizeof(port->product), product);
	text_copy(port->serial, sizeof(port->serial), serial);
	port->may_open = may_open;
	if (!may_open)
		text_copy(port->remedy, sizeof(port->remedy), "sudo adduser $USER dialout, then log in again");
}

static void add_case(struct app *app, int64_t id, const char *title, const char *cause, const char *note, bool is_open,
		     const char *outcomes)
{
	struct case_summary *row = &app->snapshot.cases[app->snapshot.case_count++];
	static const char *const words[] = { "yes", NULL, "no" };	/* '+', ',' and '-' in ASCII */

	row->id = id;
	row->is_open = is_open;
	text_copy(row->title, sizeof(row->title), title);
	text_copy(row->cause, sizeof(row->cause), cause);
	text_copy(row->note, sizeof(row->note), note);
	if (outcomes[0] != '\0') {
		text_copy(row->written, sizeof(row->written), words[outcomes[0] - '+']);
		text_copy(row->verified, sizeof(row->verified), words[outcomes[1] - '+']);
		text_copy(row->booted, sizeof(row->booted), words[outcomes[2] - '+']);
	}
}

static void plug_in(struct app *app)
{
	struct console_view *console = &app->snapshot.console[0];

	add_port(app, "/dev/ttyUSB0", "FTDI FT232R", "A50285BI", true);
	add_port(app, "/dev/ttyUSB1", "Silicon Labs CP2102", "", false);
	app->snapshot.usb_count = 1;
	text_copy(app->snapshot.usb[0].path, 32, "1-4");
	text_copy(app->snapshot.usb[0].name, 96, "Allwinner boot ROM (FEL)");
	text_copy(app->snapshot.usb[0].meaning, 120, "the bootloader is not there");
	app->bench.card_count = 1;
	text_copy(app->bench.card[0].path, 64, "/dev/sdb");
	text_copy(app->bench.card[0].name, 96, "SanDisk SC32G");
	app->bench.card[0].size_bytes = 31914983424;
	text_copy(app->bench.card[0].content, 64, "empty");
	app->bench.nic_count = 1;
	app->bench.nic[0] =
		(struct bench_nic){ .name = "enp3s0", .is_up = true, .has_carrier = true, .address_count = 1 };
	text_copy(app->bench.nic[0].address[0], 48, "192.168.1.10/24");
	app->bench.power = BENCH_POWER_MAINS;
	app->bench.battery_percent = -1;
	app->snapshot.console_count = 1;
	*console = (struct console_view){ .id = 1,
					  .baud = 115200,
					  .line = { .baud = 115200 },
					  .is_open = true,
					  .stage = STAGE_LOADER,
					  .starts = 3,
					  .lines = 512,
					  .bytes = 41200,
					  .text_score = 98,
					  .capture_room = UINT64_MAX,
					  .facts = app->fact,
					  .fact_count = 1 };
	text_copy(console->port, sizeof(console->port), "/dev/ttyUSB0");
	text_copy(console->state, sizeof(console->state), "open");
	text_copy(console->capture, sizeof(console->capture), "/home/tech/.local/state/unbrick/case-42.raw");
	console->verdict.is_looping = true;
	console->verdict.loop_ms = 8000;
}

static void fill_cases(struct app *app)
{
	add_case(app, 42, "Hikvision DS-2CD2032-I", "CHECKSUM", "step 4 of 9, writing 63 %", true, "");
	add_case(app, 41, "TP-Link Archer C7 v2", "WRONG-HARDWARE", "waits for you: pick an image", true, "");
	add_case(app, 40, "Reolink RLC-410-5MP", "POWER", "", false, "+++");
	add_case(app, 39, "unknown router", "BOOTLOADER-GONE", "to RMA, bundle made", false, "");
	app->snapshot.running = 2;
}

static struct case_view *add_live(struct app *app, int64_t id, const char *title)
{
	struct case_view *view = &app->live[app->snapshot.live_count];

	app->snapshot.live[app->snapshot.live_count++] = view;
	view->id = id;
	view->is_running = true;
	text_copy(view->title, sizeof(view->title), title);
	text_copy(view->port, sizeof(view->port), "/dev/ttyUSB0");
	view->question.id = 1;
	app->first_case = id;
	return view;
}

static void say(struct case_view *view, const char *text)
{
	text_copy(view->say[view->say_count++], sizeof(view->say[0]), text);
}

static void ask(struct case_view *view, enum question_type type, const char *text)
{
	unsigned id = view->question.id + 1;

	memset(&view->question, 0, sizeof(view->question));
	view->question.id = id;
	view->question.type = type;
	text_copy(view->question.text, sizeof(view->question.text), text);
}

static void choice(struct case_view *view, const char *id, int key, const char *text, const char *detail)
{
	struct choice *to = &view->question.choice[view->question.choice_count++];

	text_copy(to->id, sizeof(to->id), id);
	to->key = key;
	text_copy(to->text, sizeof(to->text), text);
	text_copy(to->detail, sizeof(to->detail), detail);
	to->is_dangerous = strstr(detail, "WIPES") != NULL;
}

static void log_line(struct case_view *view, const char *clock, enum journal_by by, const char *text)
{
	struct log_line *line = &view->log[view->log_count++ % CASE_LOG_MAX];

	text_copy(line->clock, sizeof(line->clock), clock);
	line->by = by;
	text_copy(line->text, sizeof(line->text), text);
}

static void fill_device(struct case_view *view)
{
	view->phase = GUIDE_DEVICE;
	say(view, "Which device is it? Type a part of its name, its vendor or its chip.");
	ask(view, QUESTION_DEVICE, "");
}

static void fill_happened(struct case_view *view)
{
	view->phase = GUIDE_HAPPENED;
	say(view, "What happened before it stopped working?");
	ask(view, QUESTION_CHOOSE, "");
	choice(view, "update", '1', "An update was under way and was cut off", "power, cable, browser closed");
	choice(view, "wrong", '2', "A firmware was flashed, then it did not start any more",
	       "perhaps one for another model");
	choice(view, "crash", '3', "It stopped by itself", "");
	choice(view, "unknown", '4', "Nobody knows", "");
}

static void fill_connect(struct case_view *view)
{
	view->phase = GUIDE_CONNECT;
	say(view, "Which serial line leads to the device?");
	ask(view, QUESTION_CHOOSE, "");
	choice(view, "/dev/ttyUSB0", '1', "ttyUSB0  FTDI FT232R A50285BI", "ready");
	choice(view, "none", '0', "no serial line", "go on by network, USB or card");
}

static void add_cause(struct case_view *view, enum cause cause, double confidence, const char *proof,
		      const char *against)
{
	struct cause_verdict *to = &view->verdict.causes[view->verdict.cause_count++];

	to->cause = cause;
	to->confidence = confidence;
	to->proof_count = 1;
	to->proof[0] = (struct evidence){ .source = EVIDENCE_LINE, .cause = cause, .weight = 80, .line = 311 };
	text_copy(to->proof[0].text, sizeof(to->proof[0].text), proof);
	if (against[0] != '\0') {
		to->contradiction_count = 1;
		to->contradiction[0] = (struct evidence){ .source = EVIDENCE_IMAGE, .cause = cause, .weight = -40 };
		text_copy(to->contradiction[0].text, sizeof(to->contradiction[0].text), against);
	}
}

static void add_excerpt(struct case_view *view, unsigned ms, const char *text, const char *mark)
{
	struct excerpt_line *to = &view->excerpt[view->excerpt_count++];

	to->number = 300 + view->excerpt_count;
	to->ms = ms;
	text_copy(to->text, sizeof(to->text), text);
	text_copy(to->mark, sizeof(to->mark), mark);
}

static void fill_verdict(struct case_view *view)
{
	view->has_verdict = true;
	view->verdict.cause = CAUSE_POWER;
	view->verdict.starts = 3;
	view->verdict.is_looping = true;
	view->verdict.loop_ms = 8000;
	view->verdict.furthest = STAGE_LOADER;
	add_cause(view, CAUSE_POWER, 0.62, "kernel area erased from 0x1a0000 on", "");
	add_cause(view, CAUSE_CHECKSUM, 0.31, "Verifying Checksum ... Bad Data CRC", "the vendor's file is whole");
	add_cause(view, CAUSE_SPACE, 0.05, "image 2.9 MiB, partition 3.0 MiB", "it fits");
	view->verdict.next_count = 1;
	text_copy(view->verdict.next[0], 160,
		  "read the partition and compare it with digicap.dav (1 min, changes nothing)");
	add_excerpt(view, 4010, "Loading from SPI flash, offset 0x50000", "");
	add_excerpt(view, 4021, "## Booting kernel from Legacy Image at 82000000 ...", "");
	add_excerpt(view, 4022, "   Data Size:    3013560 Bytes = 2.9 MiB", "");
	add_excerpt(view, 4023, "   Verifying Checksum ... Bad Data CRC", "CHECKSUM POWER");
	add_excerpt(view, 4023, "ERROR: can't get kernel image!", "CHECKSUM");
	add_excerpt(view, 4101, "resetting ...", "");
}

static void fill_diagnosis(struct case_view *view)
{
	view->phase = GUIDE_DIAGNOSIS;
	say(view, "The kernel was written only in part, most likely because the power went away.");
	fill_verdict(view);
	log_line(view, "12:03:08", JOURNAL_OBSERVED, "line 27: ERROR: can't get kernel image!");
	log_line(view, "12:03:09", JOURNAL_OPERATOR, "a line that is longer than eighty columns leave room for: it stands below as a whole, when the cursor is on it");
	log_line(view, "12:03:10", JOURNAL_PROGRAM, "power cycle");
	ask(view, QUESTION_CHOOSE, "What shall be done?");
	choice(view, "method:tftp", '1', "TFTP at power-on, the vendor's way", "keeps settings, 9 min");
	choice(view, "method:console", '2', "console: write the kernel by TFTP", "keeps settings, 4 min");
	choice(view, "method:settle", '3', "read the partition first", "changes nothing, 1 min");
	view->plan_count = 1;
	text_copy(view->plan[0].title, sizeof(view->plan[0].title), "SD card reflash");
	text_copy(view->plan[0].obstacle, sizeof(view->plan[0].obstacle), "plug in a card of 4 GiB or more");
}

static void fill_coach(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	view->step = 3;
	view->step_count = 9;
	text_copy(view->step_title, sizeof(view->step_title), "into recovery mode");
	say(view, "HOLD RESET and switch the power ON");
	say(view, "The LED should now be red, 2 blinks a second.");
	say(view, "Release when the LED turns solid, or when I see the request.");
	say(view, "Only one careful try: if nothing happens within 60 s, stop and press n.");
	view->countdown_ms = 7000;
	view->countdown_total_ms = 10000;
	view->watch_count = 2;
	text_copy(view->watch[0].text, 80, "link up on enp3s0");
	text_copy(view->watch[0].state, 48, "seen 12:09:14");
	view->watch[0].is_seen = true;
	text_copy(view->watch[1].text, 80, "ARP \"who has 192.0.0.128\"");
	text_copy(view->watch[1].state, 48, "not yet");
	log_line(view, "12:09:10", JOURNAL_PROGRAM, "192.0.0.128/24 set on enp3s0");
	ask(view, QUESTION_CHOOSE, "");
	choice(view, "done", ' ', "done by hand", "");
	choice(view, "nothing", 'n', "nothing happened", "stops here, the device stays as it is");
}

static void fill_watch(struct case_view *view)
{
	view->phase = GUIDE_WATCH;
	say(view, "Switch the device off, wait 5 seconds, and switch it on again.");
	say(view, "I watch ttyUSB0. Nothing is sent to the device.");
	fill_verdict(view);
	view->watch_count = 1;
	text_copy(view->watch[0].text, 80, "a start on ttyUSB0");
	text_copy(view->watch[0].state, 48, "3 starts seen");
	view->watch[0].is_seen = true;
	ask(view, QUESTION_CHOOSE, "");
	choice(view, "enough", 'd', "seen enough: to the diagnosis", "");
	choice(view, "silent", 's', "it says nothing at all", "");
}

static void fill_problem(struct case_view *view)
{
	if (view->say_count == 0)
		fill_coach(view);
	view->countdown_total_ms = 0;
	view->problem.status = STATUS_BUSY;
	text_copy(view->problem.text, sizeof(view->problem.text),
		  "cannot listen on UDP port 69: in.tftpd (pid 77) has it");
	text_copy(view->problem.hint, sizeof(view->problem.hint),
		  "sudo systemctl stop tftpd-hpa, then press Enter; unbrick starts it again afterwards");
}

/* More of everything than fits. */
static void fill_long(struct case_view *view)
{
	char key[2] = "a";

	view->phase = GUIDE_STEPS;
	view->step = 12;
	view->step_count = 99;
	text_copy(view->step_title, sizeof(view->step_title),
		  "a step with a very long title that says more than a title should, and then some");
	for (int i = 0; i < CASE_SAY_MAX; i++)
		say(view,
		    "A line of the guide that is so long that it has to be broken at the edge of a window of eighty columns.");
	fill_problem(view);
	ask(view, QUESTION_CHOOSE,
	    "A question that is long enough to need more than one line of a window of eighty columns, is it not?");
	for (int i = 0; i < 10; i++, key[0]++)
		choice(view, key, 'A' + i, "Another choice, with a long text of its own, up to the limit",
		       "and with a reason that is too long as well");
}

static void fill_word(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	view->step = 5;
	view->step_count = 9;
	text_copy(view->step_title, sizeof(view->step_title), "write the kernel");
	say(view, "Now 2.9 MiB of flash at 0x50000 are erased and written anew.");
	say(view, "Settings are kept. A copy of what is there now was made: backup-42.bin.");
	ask(view, QUESTION_WORD, "The old kernel will be lost. From then on do not unplug for about 1 minute.");
	text_copy(view->question.word, sizeof(view->question.word), "WRITE");
}

static void fill_write(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	view->step = 6;
	view->step_count = 9;
	view->is_dangerous = true;
	view->written = OUTCOME_UNKNOWN;
	text_copy(view->step_title, sizeof(view->step_title), "write the kernel");
	say(view, "Erasing, then writing 2.9 MiB to 0x50000");
	view->progress_count = 3;
	view->progress[0] = (struct progress){ "erase", 3145728, 3145728, 0, 0, true, false };
	view->progress[1] = (struct progress){ "write", 1900000, 3013560, 41000, 27160, false, false };
	view->progress[2] = (struct progress){ "verify", 0, 3013560, UINT64_MAX, 0, false, false };
	text_copy(view->silence, sizeof(view->silence),
		  "the device is silent while it erases a block: up to 3 s, longest seen 2.1 s");
	log_line(view, "12:14:50", JOURNAL_PROGRAM, "sf erase 0x50000 0x300000");
	log_line(view, "12:15:01", JOURNAL_OBSERVED, "SF: 3145728 bytes @ 0x50000 Erased: OK");
	log_line(view, "12:15:02", JOURNAL_PROGRAM, "sf write 0x82000000 0x50000 0x2e0000");
	ask(view, QUESTION_NONE, "");
}

static void fill_outcome(struct case_view *view)
{
	view->phase = GUIDE_OUTCOME;
	view->is_dangerous = false;
	view->progress_count = 0;
	say(view, "The kernel is written and right, but the camera did not come up within 3 minutes.");
	view->written = OUTCOME_YES;
	view->verified = OUTCOME_YES;
	view->booted = OUTCOME_NO;
	text_copy(view->outcome_reason[0], 120, "2.9 MiB sent, the bootloader said OK");
	text_copy(view->outcome_reason[1], 120, "read back: CRC-32 5f3a90c1, as in the file");
	text_copy(view->outcome_reason[2], 120, "last line: \"VFS: Cannot open root device\"");
	text_copy(view->image, sizeof(view->image), "/home/tech/digicap.dav");
	ask(view, QUESTION_CHOOSE, "How shall it go on?");
	choice(view, "again", '1', "diagnose again", "with what the device says now");
	choice(view, "other", '2', "try another way", "");
	choice(view, "close", '3', "close the case", "written yes, verified yes, booted no");
}

static void fill_file(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	say(view, "Which firmware file?");
	say(view, "The vendor's file for DS-2CD2032-I is called digicap.dav.");
	ask(view, QUESTION_FILE, "");
	text_copy(view->question.prefill, sizeof(view->question.prefill), "/etc/host");
	text_copy(view->question.problem, sizeof(view->question.problem),
		  "'/etc/host' cannot be read: No such file or directory");
}

static const char boot_log[] =
	"U-Boot 2010.06 (Mar 14 2016 - 10:11:12)\r\n\r\nDRAM:  128 MiB\r\n"
	"\x1b]0;stolen title\x07\x1b[c\x1b[6n\x1bP$q\x1b\\"
	"## Booting kernel from Legacy Image at 82000000 ...\r\n   Verifying Checksum ... \x1b[31mBad Data CRC\x1b[0m\r\n"
	"ERROR: can't get kernel image!\r\nhisilicon # ";

static const char other_log[] =
	"[    0.000000] Linux version 4.9.37 (build@host) (gcc version 6.3.0) #1 Mon Jun 3 10:11:12 UTC 2019\r\n"
	"[    0.000000] CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d\r\n"
	"[    0.812345] mtd: partition \"rootfs\" extends beyond the end of device \"hi_sfc\" -- size truncated to 0x800000\r\n"
	"login: ";

static const char *const scenes[] = {
	"home",           "home-empty",    "home-many",  "case-device", "case-happened",
	"case-diagnosis", "case-coach",    "case-word",  "case-write",  "case-outcome",
	"case-problem",   "case-file",     "case-watch", "case-long",   "console",
	"console-baud",   "console-flood", "console-room", "console-replay", "consoles",
	"walk",           NULL,
};

const char *fake_app_scenes(void)
{
	return "home home-empty home-many case-device case-happened case-diagnosis case-coach case-word case-write case-outcome "
	       "case-problem case-file case-watch case-long console console-baud console-flood console-room console-replay consoles walk";
}

static void fill_case_scene(struct app *app, const char *name)
{
	static const struct {
		const char *name; void (*fill)(struct case_view *);
	} rows[] = {
		{ "case-device", fill_device },       { "case-happened", fill_happened },
		{ "case-diagnosis", fill_diagnosis }, { "case-coach", fill_coach },
		{ "case-word", fill_word },           { "case-write", fill_write },
		{ "case-outcome", fill_outcome },     { "case-problem", fill_problem },
		{ "case-file", fill_file },           { "case-watch", fill_watch },
		{ "case-long", fill_long },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(name, rows[i].name) == 0) {
			fill_cases(app);
			rows[i].fill(add_live(app, 42, "Hikvision DS-2CD2032-I"));
		}
}

static void add_console(struct app *app, const char *port, enum boot_stage stage, bool is_open)
{
	struct console_view *console = &app->snapshot.console[app->snapshot.console_count++];

	*console = (struct console_view){ .id = app->snapshot.console_count, .baud = 115200, .is_open = is_open, .stage = stage, .bytes = 100,
					  .text_score = 99, .capture_room = UINT64_MAX };
	text_copy(console->port, sizeof(console->port), port);
	text_copy(console->state, sizeof(console->state), is_open ? "open" : "it was unplugged");
}

static void fill_scene(struct app *app, const char *name)
{
	char title[32];

	if (strcmp(name, "home-empty") == 0)
		return;
	plug_in(app);
	fill_case_scene(app, name);
	if (strcmp(name, "home") == 0) {
		fill_cases(app);
		add_port(app, "/dev/ttyUSB2", "QinHeng CH340", "", true);
		app->bench.advice_count = 1;
		app->bench.advice[0] = (struct bench_advice){
			.about = "1-3", .text = "brltty takes this CH340 for a braille display",
			.remedy = "sudo systemctl mask --now brltty-udev.service brltty.service (who needs no braille: sudo apt remove "
				  "brltty); then plug it in again",
		};
		app->snapshot.port[2] = (struct port_view){ .is_new = true, .last_baud = 57600, .last_case = 39 };
	}
	for (int i = 0; strcmp(name, "home-many") == 0 && i < 50; i++)
		add_case(app, 90 - i, text_format(title, sizeof(title), "Example ER%d", 100 + i), "POWER", "", false,
			 "++-");
	app->is_walk = strcmp(name, "walk") == 0;
	if (strncmp(name, "console", 7) == 0) {
		app->first_console = "/dev/ttyUSB0";
		app->is_flood = strcmp(name, "console-flood") == 0;
		app->console_text = strcmp(name, "console-baud") == 0 ? "\xf8\x80\xfe\x81z\x90" : boot_log;
	}
	if (strcmp(name, "console-replay") == 0) {
		struct console_view *console = &app->snapshot.console[0];

		app->first_console = "replay:/home/tech/20240510-ttyUSB0.raw";
		text_copy(console->port, sizeof(console->port), app->first_console);
		console->is_replay = true;
		console->replay = (struct replay_state){ .speed = 2, .at_ms = 83000, .total_ms = 312000, .bytes = 2560, .total_bytes = 10240,
							 .remark = "ttyUSB0 is back" };
	}
	if (strcmp(name, "console-baud") == 0) {
		app->snapshot.console[0].text_score = 12;
		app->snapshot.console[0].likely_baud = 57600;
	}
	app->snapshot.console[0].captured_bytes = 2000;
	if (strcmp(name, "console-room") == 0)
		app->snapshot.console[0].capture_room = 432 * 1024 * 1024;
	if (strcmp(name, "consoles") == 0) {
		add_console(app, "/dev/ttyACM0", STAGE_KERNEL, true);
		add_console(app, "/dev/ttyUSB3", STAGE_ANY, false);
		app->other_text = other_log;
	}
}

/* ---- the device at the other end ---- */

static const struct sign fake_signs[] = {
	{ .id = "start", .match = "U-Boot 20", .stage = STAGE_LOADER, .effect = SIGN_MILESTONE },
	{ .id = "crc", .match = "Bad Data CRC", .effect = SIGN_FAULT, .cause = CAUSE_CHECKSUM, .also = CAUSE_POWER },
};

static void send_line_sign(struct app *app, const char *text, size_t size)
{
	char line[512];
	struct diagnosis_line out = { .number = ++app->number, .text = line, .start = 1, .stage = STAGE_LOADER, .time_ms = app->now_ms };

	text_printable(line, sizeof(line), bytes_of(text, size));
	for (size_t i = 0; i < ARRAY_SIZE(fake_signs); i++)
		if (strstr(line, fake_signs[i].match) != NULL)
			out.sign = &fake_signs[i];
	if (app->observer.on_console_line != NULL)
		app->observer.on_console_line(app->observer.user, app->speaks, &out);
}

/* Each line comes a while after the one before. */
static void device_says(struct app *app, const char *text, size_t size)
{
	const char *at = text, *end = text + size;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t length = line_end ? (size_t)(line_end - at) + 1 : (size_t)(end - at);

		app->now_ms += LINE_MS;
		if (app->observer.on_console_bytes != NULL)
			app->observer.on_console_bytes(app->observer.user, app->speaks, bytes_of(at, length), app->now_ms);
		if (line_end != NULL)
			send_line_sign(app, at, length - 1);
		at += length;
	}
	if (app->observer.on_change != NULL)
		app->observer.on_change(app->observer.user);
}

static void on_feed(void *user)
{
	struct app *app = user;
	char line[128];

	if (app->echo_size > 0) {
		size_t size = app->echo_size;

		app->echo_size = 0;
		app->speaks = app->typed_at;
		device_says(app, app->echo, size);
		app->speaks = 1;
	}
	if (app->console_text != NULL && !app->is_fed) {
		app->is_fed = true;
		device_says(app, app->console_text, strlen(app->console_text));
		app->speaks = 2;
		if (app->other_text != NULL)
			device_says(app, app->other_text, strlen(app->other_text));
		app->speaks = 1;
	}
	for (int i = 0; app->is_flood && i < 16; i++)	/* 16 lines of 64 bytes in 10 ms: 1 Mbaud */
		device_says(app, line,
			    strlen(text_format(line, sizeof(line),
					       "%08u the quick brown fox jumps over the lazy dog 0123456789\r\n",
					       app->flood_line++)));
	if (app->is_flood)
		loop_timer_set_after(app->feed, 10);
}

struct app *fake_app_new(struct loop *loop, const char *scene)
{
	struct app *app = calloc(1, sizeof(*app));

	for (size_t i = 0; app != NULL && scenes[i] != NULL; i++)
		if (strcmp(scenes[i], scene) == 0)
			app->scene = scenes[i];
	if (app == NULL || app->scene == NULL) {
		free(app);
		return NULL;
	}
	app->loop = loop;
	app->speaks = 1;
	app->now_ms = 1000000;
	app->snapshot.bench = &app->bench;
	text_copy(app->snapshot.clock, sizeof(app->snapshot.clock), "12:04");
	text_copy(app->fact[0].name, sizeof(app->fact[0].name), "loader");
	text_copy(app->fact[0].value, sizeof(app->fact[0].value), "U-Boot 2010.06");
	app->feed = loop_timer_new(loop, on_feed, app);
	fill_scene(app, app->scene);
	return app;
}

int64_t fake_app_first_case(const struct app *app)
{
	return app->first_case;
}

const char *fake_app_first_console(const struct app *app)
{
	return app->first_console;
}

/* ---- the calls of src/core/app.h ---- */

static void changed(struct app *app)
{
	(void)app;	/* a key draws anyway; the fake changes nothing else by itself */
}

void app_free(struct app *app)
{
	if (app == NULL)
		return;
	loop_timer_free(app->feed);
	free(app);
}

void app_observe(struct app *app, const struct app_observer *observer)
{
	app->observer = *observer;
}

const struct snapshot *app_snapshot(struct app *app)
{
	app->snapshot.asking = 0;
	for (unsigned i = 0; i < app->snapshot.live_count; i++)
		app->snapshot.asking += app->live[i].is_running && app->live[i].question.type != QUESTION_NONE;
	return &app->snapshot;
}

size_t app_device_search(struct app *app, const char *query, struct device_row *ret_rows, size_t max)
{
	static const char *const names[][2] = {
		{ "Hikvision DS-2CD2032-I", "IP camera, HiSilicon Hi3518" },
		{ "TP-Link Archer C7 v2", "router, QCA9558" },
		{ "TP-Link Archer C7 v5", "router, QCA9563" },
		{ "Reolink RLC-410-5MP", "IP camera, Novatek NT98515" },
		{ "Testbed cam32", "IP camera, practice" },
	};
	size_t count = 0;

	(void)app;
	for (size_t i = 0; i < ARRAY_SIZE(names) && count < max; i++)
		if (text_contains(names[i][0], query) || text_contains(names[i][1], query)) {
			text_copy(ret_rows[count].id, sizeof(ret_rows[count].id), names[i][0]);
			text_copy(ret_rows[count].text, sizeof(ret_rows[count].text), names[i][0]);
			text_copy(ret_rows[count].detail, sizeof(ret_rows[count].detail), names[i][1]);
			ret_rows[count].is_recent = query[0] == '\0' && count == 0;
			count++;
		}
	return count;
}

struct casebook *app_casebook(struct app *app)
{
	(void)app;
	return NULL;
}

enum status casebook_read(struct casebook *book, int64_t case_id, int64_t after_id,
			  bool (*on_entry)(void *user, const struct journal_entry *), void *user, struct error *reterr)
{
	(void)book; (void)case_id; (void)after_id; (void)on_entry; (void)user; (void)reterr;
	return STATUS_OK;
}

enum status app_case_new(struct app *app, int64_t *ret_case_id, struct error *reterr)
{
	struct case_view *view;

	if (app->snapshot.live_count == FAKE_LIVE)
		return error_set(reterr, STATUS_BUSY, "too many cases are open at once");
	view = add_live(app, 43, "unknown device");
	fill_device(view);
	add_case(app, 43, "unknown device", "", "which device?", true, "");
	*ret_case_id = 43;
	changed(app);
	return STATUS_OK;
}

const struct case_view *app_case_view(struct app *app, int64_t case_id)
{
	for (unsigned i = 0; i < app->snapshot.live_count; i++)
		if (app->live[i].id == case_id)
			return &app->live[i];
	return NULL;
}

enum status app_case_open(struct app *app, int64_t case_id, struct error *reterr)
{
	if (app_case_view(app, case_id) != NULL)
		return STATUS_OK;
	error_set(reterr, STATUS_BUSY, "case #%lld is held by another unbrick (pid 812)", (long long)case_id);
	return error_hint(reterr, "close it there first");
}

static void next_phase(struct case_view *view, const char *text)
{
	enum guide_phase phase = view->phase;
	char answer[128];
	bool was_word = view->question.type == QUESTION_WORD;

	memset(view->say, 0, sizeof(view->say));
	view->say_count = view->progress_count = view->watch_count = 0;
	view->countdown_total_ms = 0;
	view->step = view->step_count = 0;
	log_line(view, "12:05:00", JOURNAL_OPERATOR, text_format(answer, sizeof(answer), "answered: %s", text));
	if (phase == GUIDE_DEVICE) {
		text_copy(view->title, sizeof(view->title), text[0] ? text : "unknown device");
		fill_happened(view);
	} else if (phase == GUIDE_HAPPENED) {
		fill_connect(view);
	} else if (phase == GUIDE_CONNECT) {
		fill_diagnosis(view);
	} else if (phase == GUIDE_DIAGNOSIS) {
		fill_word(view);
	} else if (phase == GUIDE_STEPS && was_word) {
		fill_outcome(view);
	} else {
		view->phase = GUIDE_CLOSED;
		say(view, "The case is closed.");
		ask(view, QUESTION_NONE, "");
	}
}

enum status app_case_answer(struct app *app, int64_t case_id, unsigned question_id, const char *text,
			    struct error *reterr)
{
	struct case_view *view = (struct case_view *)app_case_view(app, case_id);
	char answer[128];

	(void)reterr;
	if (view == NULL || view->question.id != question_id)
		return STATUS_OK;
	if (app->is_walk)
		next_phase(view, text);
	else
		text_copy(view->question.problem, sizeof(view->question.problem),
			  text_format(answer, sizeof(answer), "(answered '%s')", text));
	changed(app);
	return STATUS_OK;
}

enum status app_case_cancel(struct app *app, int64_t case_id, struct error *reterr)
{
	(void)case_id;
	return app_is_dangerous(app) ? error_set(reterr, STATUS_REFUSED, "flash is being written") : STATUS_OK;
}

enum status app_case_back(struct app *app, int64_t case_id, enum guide_phase to, struct error *reterr)
{
	struct case_view *view = (struct case_view *)app_case_view(app, case_id);

	(void)reterr;
	view->say_count = 0;
	if (to == GUIDE_DEVICE)
		fill_device(view);
	else if (to == GUIDE_HAPPENED)
		fill_happened(view);
	else
		fill_connect(view);
	return STATUS_OK;
}

enum status app_console_open(struct app *app, const char *port, const struct line_settings *settings,
			     unsigned *ret_console_id, struct error *reterr)
{
	(void)settings;
	if (strcmp(port, "/dev/ttyUSB0") != 0 && strncmp(port, "replay:", 7) != 0)
		return error_set(reterr, STATUS_NOT_FOUND, "%s: there is no such port", port);
	*ret_console_id = 1;
	loop_timer_set_after(app->feed, 1);
	return STATUS_OK;
}

void app_console_close(struct app *app, unsigned console_id)
{
	(void)console_id;
	app->snapshot.console_count = 0;
}

enum status app_console_type(struct app *app, unsigned console_id, struct bytes keys, struct error *reterr)
{
	app->typed_at = console_id;
	if (app->snapshot.console[0].is_driven)
		return error_set(reterr, STATUS_BUSY, "a step types on this line");
	for (size_t i = 0; i < keys.size && app->echo_size + 4 < sizeof(app->echo); i++) {
		if (keys.data[i] == '\r')
			app->echo_size += (size_t)snprintf(app->echo + app->echo_size, 3, "\r\n");
		else if (keys.data[i] < 0x20)	/* as a shell shows control keys */
			app->echo_size += (size_t)snprintf(app->echo + app->echo_size, 3, "^%c", '@' + keys.data[i]);
		else
			app->echo[app->echo_size++] = (char)keys.data[i];
	}
	loop_timer_set_after(app->feed, 1);
	return STATUS_OK;
}

/* Pasted text is echoed as typed; a file stays at a third of its way until it is stopped. */
enum status app_console_paste(struct app *app, unsigned console_id, struct bytes text, struct error *reterr)
{
	return app_console_type(app, console_id, text, reterr);
}

enum status app_console_file(struct app *app, unsigned console_id, const struct console_file *file, struct error *reterr)
{
	struct sending_view *sending = &app->snapshot.console[0].sending;

	(void)console_id;
	if (strcmp(file->path, "/no/such/file") == 0)
		return error_set(reterr, STATUS_NOT_FOUND, "'%s' is not there", file->path);
	*sending = (struct sending_view){ .what = file->is_sender ? SENDING_FILE : RECEIVING_FILE, .retries = 2 };
	sending->progress = (struct progress){ .done = 137 << 10, .total = 412 << 10, .rate = 11200, .left_ms = 25000 };
	text_copy(sending->name, sizeof(sending->name), file->path);
	text_copy(sending->by, sizeof(sending->by), file->protocol);
	changed(app);
	return STATUS_OK;
}

size_t app_console_macros(struct app *app, unsigned console_id, struct macro_row *ret_rows, size_t max, const char **ret_at)
{
	static const struct macro_row rows[] = {
		{ NULL, "which camera", "printenv model <Enter>", "bootloader", true },
		{ NULL, "environment", "printenv <Enter>", "uboot", true },
		{ NULL, "flash partitions", "cat /proc/mtd <Enter>", "shell", false },
	};
	size_t count = max < ARRAY_SIZE(rows) ? max : ARRAY_SIZE(rows);

	(void)app;
	(void)console_id;
	*ret_at = "at the bootloader's prompt";
	for (size_t i = 0; i < count; i++) {
		ret_rows[i] = rows[i];
		ret_rows[i].macro = (const struct macro *)&rows[i];
	}
	return count;
}

enum status app_console_macro(struct app *app, unsigned console_id, const struct macro *macro, bool anyway, struct error *reterr)
{
	const struct macro_row *row = (const struct macro_row *)macro;
	char text[64];

	(void)anyway;
	text_format(text, sizeof(text), "%.*s\r", (int)strcspn(row->text, "<") - 1, row->text);
	return app_console_type(app, console_id, bytes_of_text(text), reterr);
}

void app_console_stop(struct app *app, unsigned console_id)
{
	(void)console_id;
	app->snapshot.console[0].sending = (struct sending_view){ 0 };
	changed(app);
}

enum status app_console_set_baud(struct app *app, unsigned console_id, unsigned baud, struct error *reterr)
{
	(void)console_id;
	(void)reterr;
	app->snapshot.console[0].baud = baud;
	app->snapshot.console[0].text_score = 99;
	return STATUS_OK;
}

/* What the device said of itself; from then on nothing more is kept. */
enum status app_console_read(struct app *app, unsigned console_id, uint64_t offset, size_t size, struct console_bytes *ret_bytes, struct error *reterr)
{
	(void)console_id; (void)reterr;
	memset(ret_bytes, 0, sizeof(*ret_bytes));
	text_copy(ret_bytes->file, sizeof(ret_bytes->file), app->snapshot.console[0].capture);
	while (ret_bytes->count < size && offset + ret_bytes->count < app->snapshot.console[0].captured_bytes) {
		ret_bytes->row_ms[ret_bytes->count / CONSOLE_BYTES_ROW] = FIRST_BYTE_MS + (offset + ret_bytes->count) / 48 * LINE_MS;
		ret_bytes->data[ret_bytes->count] = (uint8_t)app->console_text[(offset + ret_bytes->count) % strlen(app->console_text)];
		ret_bytes->count++;
	}
	return STATUS_OK;
}

enum status app_console_remark(struct app *app, unsigned console_id, const char *text, struct error *reterr)
{
	(void)app; (void)console_id; (void)text; (void)reterr;
	return STATUS_OK;
}

enum status app_console_set_line(struct app *app, unsigned console_id, const struct line_settings *settings,
				 struct error *reterr)
{
	(void)console_id;
	(void)reterr;
	app->snapshot.console[0].line = *settings;
	app->snapshot.console[0].baud = settings->baud;
	return STATUS_OK;
}

enum status app_console_set_manner(struct app *app, unsigned console_id, const struct console_manner *manner,
				   struct error *reterr)
{
	(void)console_id;
	(void)reterr;
	app->snapshot.console[0].manner = *manner;
	return STATUS_OK;
}

enum status app_console_break(struct app *app, unsigned console_id, struct error *reterr)
{
	(void)app; (void)console_id; (void)reterr;
	return STATUS_OK;
}

enum status app_console_set_dtr(struct app *app, unsigned console_id, bool on, struct error *reterr)
{
	(void)app; (void)console_id; (void)on; (void)reterr;
	return STATUS_OK;
}

enum status app_console_set_rts(struct app *app, unsigned console_id, bool on, struct error *reterr)
{
	(void)app; (void)console_id; (void)on;
	return error_set(reterr, STATUS_UNSUPPORTED, "this line has no RTS");
}

bool app_practice_kind(size_t index, const char **ret_kind, const char **ret_text)
{
	static const struct { const char *kind, *text; } kinds[] = {
		{ "power", "the power went away while the kernel was written" },
		{ "space", "the flash was full" },
		{ "wrong-hardware", "the firmware of another camera" },
	};

	if (index >= ARRAY_SIZE(kinds))
		return false;
	*ret_kind = kinds[index].kind;
	*ret_text = kinds[index].text;
	return true;
}

enum status app_console_find_baud(struct app *app, unsigned console_id, bool begins, struct error *reterr)
{
	return app_console_set_baud(app, console_id, begins ? 57600 : 115200, reterr);
}

/* The adapter sends back what it is sent. */
enum status app_console_check_line(struct app *app, unsigned console_id, const char *id, struct error *reterr)
{
	struct line_check *check = &app->snapshot.console[0].check;

	(void)console_id;
	(void)reterr;
	if (id == NULL)
		line_check_begin(check);
	else if (strcmp(id, "end") == 0)
		check->state = LINE_CHECK_IDLE;
	else if (line_check_answer(check, id))
		line_check_loopback(check, 99, 99, 0);
	return STATUS_OK;
}

enum status app_replay_change(struct app *app, unsigned console_id, enum line_replay_change what, double value, struct error *reterr)
{
	struct replay_state *replay = &app->snapshot.console[0].replay;

	(void)console_id;
	(void)reterr;
	if (what == LINE_REPLAY_SPEED)
		replay->speed = value;
	if (what == LINE_REPLAY_PAUSE)
		replay->is_paused = value > 0;
	return STATUS_OK;
}

enum status app_practice_start(struct app *app, const char *kind, struct error *reterr)
{
	(void)kind;
	(void)reterr;
	app->snapshot.is_practice = true;
	add_port(app, "/dev/pts/9", "practice camera", kind, true);
	return STATUS_OK;
}

void app_practice_stop(struct app *app)
{
	app->snapshot.is_practice = false;
}

enum status app_power(struct app *app, const char *port, const char *how, struct error *reterr)
{
	(void)app;
	(void)port;
	(void)how;
	error_set(reterr, STATUS_UNSUPPORTED, "nothing here can switch the device's power");
	return error_hint(reterr, "switch it by hand, or start unbrick with --power-command");
}

bool app_is_dangerous(const struct app *app)
{
	for (unsigned i = 0; i < app->snapshot.live_count; i++)
		if (app->live[i].is_dangerous)
			return true;
	return false;
}

/* ---- the calls of src/core/image_view.h ---- */

enum status app_image_open(struct app *app, const char *path, int64_t case_id, unsigned *ret_image_id, struct error *reterr)
{
	const struct case_view *view = app_case_view(app, case_id);
	enum status status = fake_image_open(&app->image, path ? path : view->image, case_id, reterr);

	if (status == STATUS_OK)
		*ret_image_id = app->image.id;
	return status;
}

void app_image_close(struct app *app, unsigned image_id)
{
	(void)app;
	(void)image_id;
}

const struct image_view *app_image_view(struct app *app, unsigned image_id)
{
	return app->image.id == image_id ? &app->image : NULL;
}

enum status app_image_examine(struct app *app, unsigned image_id, bool is_deep, struct error *reterr)
{
	(void)image_id;
	(void)reterr;
	fake_image_finish(&app->image, is_deep);
	return STATUS_OK;
}

void app_image_stop(struct app *app, unsigned image_id)
{
	(void)image_id;
	if (app->image.state == IMAGE_VIEW_WORKING)
		app->image.state = IMAGE_VIEW_STOPPED;
}

enum status app_image_read(struct app *app, unsigned image_id, uint64_t offset, void *to, size_t size, size_t *ret_count, struct error *reterr)
{
	(void)image_id;
	(void)reterr;
	*ret_count = fake_image_read(&app->image, offset, to, size);
	return STATUS_OK;
}

enum status app_image_find(struct app *app, unsigned image_id, uint64_t from, struct bytes pattern, bool ignores_case, struct error *reterr)
{
	(void)image_id;
	(void)reterr;
	fake_image_find(&app->image, from, pattern, ignores_case);
	return STATUS_OK;
}

/* ---- the words of src/core/snapshot.h ---- */

const char *guide_phase_name(enum guide_phase phase)
{
	static const char *const names[GUIDE_PHASE_COUNT] = { "device",    "happened", "connect", "watch",
							      "diagnosis", "steps",    "outcome", "closed" };

	return phase < GUIDE_PHASE_COUNT ? names[phase] : "";
}

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = { "unknown", "yes", "no", "not needed" };

	return names[outcome];
}
