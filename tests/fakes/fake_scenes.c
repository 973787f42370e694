#include "tests/fakes/fake_scenes.h"

#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

void fake_add_port(struct app *app, const char *path, const char *product, const char *serial, bool may_open)
{
	struct bench_port *port = &app->bench.port[app->bench.port_count++];

	text_copy(port->path, sizeof(port->path), path);
	text_copy(port->product, sizeof(port->product), product);
	text_copy(port->serial, sizeof(port->serial), serial);
	port->may_open = may_open;
	if (!may_open)
		text_copy(port->remedy, sizeof(port->remedy), "sudo adduser $USER dialout, then log in again");
}

void fake_add_case(struct app *app, int64_t id, const char *title, const char *cause, const char *note, bool is_open,
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

	fake_add_port(app, "/dev/ttyUSB0", "FTDI FT232R", "A50285BI", true);
	fake_add_port(app, "/dev/ttyUSB1", "Silicon Labs CP2102", "", false);
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
	fake_add_case(app, 42, "Hikvision DS-2CD2032-I", "CHECKSUM", "step 4 of 9, writing 63 %", true, "");
	fake_add_case(app, 41, "TP-Link Archer C7 v2", "WRONG-HARDWARE", "waits for you: pick an image", true, "");
	fake_add_case(app, 40, "Reolink RLC-410-5MP", "POWER", "", false, "+++");
	fake_add_case(app, 39, "unknown router", "BOOTLOADER-GONE", "to RMA, bundle made", false, "");
	app->snapshot.running = 2;
}

struct case_view *fake_add_live(struct app *app, int64_t id, const char *title)
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

void fake_say(struct case_view *view, const char *text)
{
	text_copy(view->say[view->say_count++], sizeof(view->say[0]), text);
}

void fake_ask(struct case_view *view, enum question_type type, const char *text)
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

void fake_log_line(struct case_view *view, const char *clock, enum journal_by by, const char *text)
{
	struct log_line *line = &view->log[view->log_count++ % CASE_LOG_MAX];

	text_copy(line->clock, sizeof(line->clock), clock);
	line->by = by;
	text_copy(line->text, sizeof(line->text), text);
}

void fake_fill_device(struct case_view *view)
{
	view->phase = GUIDE_DEVICE;
	fake_say(view, "Which device is it? Type a part of its name, its vendor or its chip.");
	fake_ask(view, QUESTION_DEVICE, "Device");
}

void fake_fill_happened(struct case_view *view)
{
	view->phase = GUIDE_HAPPENED;
	fake_say(view, "What happened before it stopped working?");
	fake_ask(view, QUESTION_CHOOSE, "");
	choice(view, "update", '1', "An update was under way and was cut off", "power, cable, browser closed");
	choice(view, "wrong", '2', "A firmware was flashed, then it did not start any more",
	       "perhaps one for another model");
	choice(view, "crash", '3', "It stopped by itself", "");
	choice(view, "unknown", '4', "Nobody knows", "");
}

void fake_fill_connect(struct case_view *view)
{
	view->phase = GUIDE_CONNECT;
	fake_say(view, "Which serial line leads to the device?");
	fake_ask(view, QUESTION_CHOOSE, "");
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
	add_excerpt(view, 4010, "SF: 3014656 bytes @ 0x50000 Read: ERROR -5, stopped at 0x1a0000", "POWER CHECKSUM");
	add_excerpt(view, 4021, "## Booting kernel from Legacy Image at 82000000 ...", "");
	add_excerpt(view, 4022, "   Data Size:    3013560 Bytes = 2.9 MiB", "");
	add_excerpt(view, 4023, "   Verifying Checksum ... Bad Data CRC", "CHECKSUM POWER");
	add_excerpt(view, 4023, "ERROR: can't get kernel image!", "CHECKSUM");
	add_excerpt(view, 4101, "resetting ...", "");
}

void fake_fill_diagnosis(struct case_view *view)
{
	view->phase = GUIDE_DIAGNOSIS;
	fake_say(view, "The kernel was written only in part, most likely because the power went away.");
	fill_verdict(view);
	fake_log_line(view, "12:03:08", JOURNAL_OBSERVED, "line 27: ERROR: can't get kernel image!");
	fake_log_line(view, "12:03:09", JOURNAL_OPERATOR, "a line that is longer than eighty columns leave room for: it stands below as a whole, when the cursor is on it");
	fake_log_line(view, "12:03:10", JOURNAL_PROGRAM, "power cycle");
	fake_ask(view, QUESTION_CHOOSE, "What shall be done?");
	choice(view, "method:tftp", '1', "TFTP at power-on, the vendor's way", "keeps settings, 9 min");
	choice(view, "method:console", '2', "console: write the kernel by TFTP", "keeps settings, 4 min");
	choice(view, "method:settle", '3', "read the partition first", "changes nothing, 1 min");
	view->plan_count = 1;
	text_copy(view->plan[0].title, sizeof(view->plan[0].title), "SD card reflash");
	text_copy(view->plan[0].obstacle, sizeof(view->plan[0].obstacle), "plug in a card of 4 GiB or more");
}

/* Every way back is shown, and most have more to say than a row of 80 columns holds. */
static void fill_ways(struct case_view *view)
{
	static const char *const ways[] = {
		"Write the firmware again through U-Boot and TFTP", "Start once with a good boot command", "Compare the flash with the image",
		"Find the image that fits the hardware", "Fetch the firmware file again", "Make room on a device that runs but is full",
		"Let the device try again by itself",
	};

	fake_fill_diagnosis(view);
	view->question.choice_count = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++)
		choice(view, ways[i], (int)('1' + i), ways[i], i == 0 ? " 5 min, WIPES kernel and rootfs, keeps settings and recordings" :
		       i == 5 ? "not now: needs the device at its login prompt" : "10 min, keeps everything; not meant for what was found");
	choice(view, "watch", 'w', "Watch it start once more", "");
	choice(view, "rma", 'r', "Give up here: hand it to RMA", "");
}

static void fill_coach(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	view->step = 3;
	view->step_count = 9;
	text_copy(view->step_title, sizeof(view->step_title), "into recovery mode");
	fake_say(view, "HOLD RESET and switch the power ON");
	fake_say(view, "The LED should now be red, 2 blinks a second.");
	fake_say(view, "Release when the LED turns solid, or when I see the request.");
	fake_say(view, "Only one careful try: if nothing happens within 60 s, stop and press n.");
	view->countdown_ms = 7000;
	view->countdown_total_ms = 10000;
	view->watch_count = 2;
	text_copy(view->watch[0].text, 80, "link up on enp3s0");
	text_copy(view->watch[0].state, 48, "seen 12:09:14");
	view->watch[0].is_seen = true;
	text_copy(view->watch[1].text, 80, "ARP \"who has 192.0.0.128\"");
	text_copy(view->watch[1].state, 48, "not yet");
	fake_log_line(view, "12:09:10", JOURNAL_PROGRAM, "192.0.0.128/24 set on enp3s0");
	fake_ask(view, QUESTION_CHOOSE, "");
	choice(view, "done", ' ', "done by hand", "");
	choice(view, "nothing", 'n', "nothing happened", "stops here, the device stays as it is");
}

/* The last step: the verdict is about the start that failed, the line is on its way up again. */
static void fill_last(struct case_view *view)
{
	fill_verdict(view);
	view->verdict.furthest = STAGE_KERNEL;
	view->phase = GUIDE_STEPS;
	view->step = view->step_count = 7;
	text_copy(view->step_title, sizeof(view->step_title), "Watching the start up to the login");
	fake_say(view, "Watching it start: does it really run?");
	view->watch_count = 1;
	text_copy(view->watch[0].text, 80, "it comes to its login prompt");
	text_copy(view->watch[0].state, 48, "not yet");
}

static void fill_watch(struct case_view *view)
{
	view->phase = GUIDE_WATCH;
	fake_say(view, "Switch the device off, wait 5 seconds, and switch it on again.");
	fake_say(view, "I watch ttyUSB0. Nothing is sent to the device.");
	fill_verdict(view);
	view->watch_count = 1;
	text_copy(view->watch[0].text, 80, "a start on ttyUSB0");
	text_copy(view->watch[0].state, 48, "3 starts seen");
	view->watch[0].is_seen = true;
	fake_ask(view, QUESTION_CHOOSE, "");
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
		fake_say(view,
		    "A line of the guide that is so long that it has to be broken at the edge of a window of eighty columns.");
	fill_problem(view);
	fake_ask(view, QUESTION_CHOOSE,
	    "A question that is long enough to need more than one line of a window of eighty columns, is it not?");
	for (int i = 0; i < 10; i++, key[0]++)
		choice(view, key, 'A' + i, "Another choice, with a long text of its own, up to the limit",
		       "and with a reason that is too long as well");
}

void fake_fill_word(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	view->step = 5;
	view->step_count = 9;
	text_copy(view->step_title, sizeof(view->step_title), "write the kernel");
	fake_say(view, "Now 2.9 MiB of flash at 0x50000 are erased and written anew.");
	fake_say(view, "Settings are kept. A copy of what is there now was made: backup-42.bin.");
	fake_ask(view, QUESTION_WORD, "The old kernel will be lost. From then on do not unplug for about 1 minute.");
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
	fake_say(view, "Erasing, then writing 2.9 MiB to 0x50000");
	view->progress_count = 3;
	view->progress[0] = (struct progress){ "erase", 3145728, 3145728, 0, 0, true, false };
	view->progress[1] = (struct progress){ "write", 1900000, 3013560, 41000, 27160, false, false };
	view->progress[2] = (struct progress){ "verify", 0, 3013560, UINT64_MAX, 0, false, false };
	text_copy(view->silence, sizeof(view->silence),
		  "the device is silent while it erases a block: up to 3 s, longest seen 2.1 s");
	fake_log_line(view, "12:14:50", JOURNAL_PROGRAM, "sf erase 0x50000 0x300000");
	fake_log_line(view, "12:15:01", JOURNAL_OBSERVED, "SF: 3145728 bytes @ 0x50000 Erased: OK");
	fake_log_line(view, "12:15:02", JOURNAL_PROGRAM, "sf write 0x82000000 0x50000 0x2e0000");
	fake_ask(view, QUESTION_NONE, "");
}

/* The adapter was pulled out in the middle of it. */
static void fill_lost(struct case_view *view)
{
	fill_write(view);
	view->progress_count = 0;
	view->is_line_lost = true;
	text_copy(view->port, sizeof(view->port), "/dev/ttyUSB0");
}

void fake_fill_outcome(struct case_view *view)
{
	view->phase = GUIDE_OUTCOME;
	view->is_dangerous = false;
	view->progress_count = 0;
	fake_say(view, "The kernel is written and right, but the camera did not come up within 3 minutes.");
	view->written = OUTCOME_YES;
	view->verified = OUTCOME_YES;
	view->booted = OUTCOME_NO;
	text_copy(view->outcome_reason[0], 120, "2.9 MiB sent, the bootloader said OK");
	text_copy(view->outcome_reason[1], 120, "read back: CRC-32 5f3a90c1, as in the file");
	text_copy(view->outcome_reason[2], 120, "last line: \"VFS: Cannot open root device\"");
	text_copy(view->image, sizeof(view->image), "/home/tech/digicap.dav");
	text_copy(view->report, sizeof(view->report), "unbrick case report 42");
	fake_ask(view, QUESTION_CHOOSE, "How shall it go on?");
	choice(view, "again", '1', "diagnose again", "with what the device says now");
	choice(view, "other", '2', "try another way", "");
	choice(view, "close", '3', "close the case", "written yes, verified yes, booted no");
}

static void fill_file(struct case_view *view)
{
	view->phase = GUIDE_STEPS;
	fake_say(view, "Which firmware file?");
	fake_say(view, "The vendor's file for DS-2CD2032-I is called digicap.dav.");
	fake_ask(view, QUESTION_FILE, "");
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
	"case-problem",   "case-file",     "case-watch", "case-long", "case-ways", "case-last",   "case-lost", "console",
	"console-baud",   "console-flood", "console-room", "console-replay", "consoles",
	"walk",           NULL,
};

const char *fake_scene_name(const char *scene)
{
	for (size_t i = 0; scenes[i] != NULL; i++)
		if (strcmp(scenes[i], scene) == 0)
			return scenes[i];
	return NULL;
}

const char *fake_app_scenes(void)
{
	return "home home-empty home-many case-device case-happened case-diagnosis case-coach case-word case-write case-outcome "
	       "case-problem case-file case-watch case-long case-ways case-last case-lost console console-baud console-flood console-room console-replay consoles walk";
}

static void fill_case_scene(struct app *app, const char *name)
{
	static const struct {
		const char *name; void (*fill)(struct case_view *);
	} rows[] = {
		{ "case-device", fake_fill_device },       { "case-happened", fake_fill_happened },
		{ "case-diagnosis", fake_fill_diagnosis }, { "case-coach", fill_coach },
		{ "case-word", fake_fill_word },           { "case-write", fill_write },
		{ "case-outcome", fake_fill_outcome },     { "case-problem", fill_problem },
		{ "case-file", fill_file },           { "case-watch", fill_watch },
		{ "case-long", fill_long },           { "case-ways", fill_ways },
		{ "case-last", fill_last },           { "case-lost", fill_lost },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(name, rows[i].name) == 0) {
			fill_cases(app);
			rows[i].fill(fake_add_live(app, 42, "Hikvision DS-2CD2032-I"));
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

void fake_fill_scene(struct app *app, const char *name)
{
	char title[32];

	if (strcmp(name, "home-empty") == 0)
		return;
	plug_in(app);
	fill_case_scene(app, name);
	if (strcmp(name, "home") == 0) {
		fill_cases(app);
		fake_add_port(app, "/dev/ttyUSB2", "QinHeng CH340", "", true);
		app->bench.advice_count = 1;
		app->bench.advice[0] = (struct bench_advice){
			.about = "1-3", .text = "brltty takes this CH340 for a braille display",
			.remedy = "sudo systemctl mask --now brltty-udev.service brltty.service (who needs no braille: sudo apt remove "
				  "brltty); then plug it in again",
		};
		app->snapshot.port[2] = (struct port_view){ .is_new = true, .last_baud = 57600, .last_case = 39 };
	}
	for (int i = 0; strcmp(name, "home-many") == 0 && i < 50; i++)
		fake_add_case(app, 90 - i, text_format(title, sizeof(title), "Example ER%d", 100 + i), "POWER", "", false,
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
