#include "recovery/serial/line_check.h"

#include <string.h>

/* clang-format off */
#define NOT_KNOWN { 'u', "unknown", "I cannot tell", LINE_CHECK_SKIP, "not tested", NULL }

enum { POWER, ADAPTER, CROSSED, GROUND, LEVEL, PHANTOM, EARLY, LIFE };

static const struct line_check_row rows[LINE_CHECKS] = {
	[POWER] = { "power", "Does the device live: a LED, a warm chip, current from its supply?",
		"LEDs may be dark by design. Feel the processor, or read the current: some 50 mA and more means that it runs.", {
		{ 'y', "yes", "It lives", LINE_CHECK_PASS, "it has power", NULL },
		{ 'n', "no", "No sign of life", LINE_CHECK_FOUND, "the device has no power, or a short",
		  "Measure the supply at the board, with the board connected; look for a fuse. Until it lives, no firmware is at fault." },
		NOT_KNOWN } },
	[ADAPTER] = { "adapter", "Take the adapter's wires OFF the device, and join the adapter's own TX and RX.",
		"Then I send a line of text, and it must come back. That proves port, driver, cable and adapter.", {
		/* Enter is the first: it must not send. */
		{ 'u', "unknown", "Leave it out", LINE_CHECK_SKIP, "not tested", NULL },
		{ 'j', "joined", "The device is off the wires, TX and RX are joined: test", LINE_CHECK_LOOPBACK, NULL, NULL } } },
	[CROSSED] = { "TX and RX", "Wires on again, RX of the adapter on TX of the device. Is it that way round?",
		"Each side names its own pins. In doubt swap the two with the power off, then start the device.", {
		{ 'n', "nothing", "Tried both ways: nothing", LINE_CHECK_PASS, "nothing comes either way round", NULL },
		{ 'y', "yes", "I am sure that it is right", LINE_CHECK_PASS, "RX is on the device's TX, says the operator", NULL },
		NOT_KNOWN } },
	[GROUND] = { "ground", "Is GND of the adapter on GND of the device?",
		"With the power off: less than 1 ohm from the adapter's GND to the shield of a socket. The device's own supply is no such path.", {
		{ 'y', "yes", "It is", LINE_CHECK_PASS, "a common ground", NULL },
		{ 'n', "no", "It is not", LINE_CHECK_FOUND, "no common ground: levels mean nothing without it", "Join GND first, then start the device." },
		NOT_KNOWN } },
	[LEVEL] = { "level", "Power on: how many volts are there from the device's TX to GND?",
		"A line at rest is high. While text comes, a meter shows a little less.", {
		{ '3', "3.3", "about 3.3 V", LINE_CHECK_PASS, "a 3.3 V line at rest", NULL },
		{ '1', "1.8", "about 1.8 V", LINE_CHECK_FOUND, "a 1.8 V line: an adapter for 3.3 V may never see it high, and its TX can destroy the pin",
		  "Take an adapter set to 1.8 V, or a level shifter; until then leave the adapter's TX off." },
		{ '5', "5", "about 5 V", LINE_CHECK_PASS, "a 5 V line at rest: fit for adapters that bear 5 V only", NULL },
		{ 'r', "rs232", "below 0 V, or more than 5 V", LINE_CHECK_FOUND, "RS-232: up to 15 V, and high is low",
		  "Take an RS-232 adapter. One for logic levels may be damaged by now: test it as before, TX joined with RX." },
		{ '0', "0", "about 0 V", LINE_CHECK_FOUND, "not a TX at rest: another pad, or the chip is in reset or has no clock",
		  "Look for a pad that is high and moves when the power comes on; GND, supply and RX do not move." },
		NOT_KNOWN } },
	[PHANTOM] = { "feed", "Power OFF, adapter connected: does a LED glow, or has the board's supply more than 0.5 V?",
		"The adapter's TX is high at rest and feeds the chip through its RX. It then never starts from zero.", {
		{ 'y', "yes", "Yes", LINE_CHECK_FOUND, "the adapter feeds the device through RX: it is never really off",
		  "Take the adapter's TX off, power off for 10 s, power on; join TX again when text comes, or put 1 kohm into it." },
		{ 'n', "no", "No", LINE_CHECK_PASS, "off is off", NULL },
		NOT_KNOWN } },
	[EARLY] = { "beginning", "Was the adapter joined and the console open BEFORE the power came on?",
		"Some boards speak for a second only: then these pins do something else, or the console is locked.", {
		{ 'y', "yes", "Yes", LINE_CHECK_PASS, "it was listened to from power-on", NULL },
		{ 'n', "no", "No", LINE_CHECK_FOUND, "the beginning was missed, and it may be all that comes",
		  "Leave everything joined, power off for 10 s, and on." } } },
	[LIFE] = { "other life", "Is anything else alive: a link LED, a new USB device, a WLAN name, an answer to ping?",
		"A device that starts and says nothing has a silenced or locked console, or speaks on other pads.", {
		{ 'y', "yes", "Yes", LINE_CHECK_FOUND, "it starts, and this console is silent: switched off in its settings, locked, or elsewhere",
		  "Take a way back over network or USB; stop keys sent at power-on may open the bootloader all the same." },
		{ 'n', "no", "No", LINE_CHECK_PASS, "nothing else is alive", NULL },
		NOT_KNOWN } },
};

static const struct line_check_answer
	came_back = { 0, "whole", "", LINE_CHECK_PASS, "what was sent came back whole: port, driver and adapter work", NULL },
	came_not = { 0, "silent", "", LINE_CHECK_FOUND, "nothing came back: the adapter, its driver or the joined pins",
		     "Are these the adapter's TX and RX, and is this its port? Try its other pins, then another adapter." },
	came_wrong = { 0, "wrong", "", LINE_CHECK_FOUND, "what came back is not what was sent: a bad contact, or an adapter that cannot do this rate",
		       "Press the joined pins together and test again, then at 115200 baud, then with another adapter." };
/* clang-format on */

const struct line_check_row *line_check_rows(void)
{
	return rows;
}

void line_check_begin(struct line_check *check)
{
	*check = (struct line_check){ .state = LINE_CHECK_ASKING };
}

const struct line_check_row *line_check_asked(const struct line_check *check)
{
	return check->state == LINE_CHECK_ASKING || check->state == LINE_CHECK_TESTING ? &rows[check->at] : NULL;
}

static bool has_passed(const struct line_check *check, unsigned row)
{
	return check->given[row] != NULL && check->given[row]->effect == LINE_CHECK_PASS;
}

static void end(struct line_check *check, const char *found, const char *remedy)
{
	check->state = LINE_CHECK_OVER;
	check->has_found = true;
	check->found = found;
	check->remedy = remedy;
}

static void end_with_nothing(struct line_check *check)
{
	check->state = LINE_CHECK_OVER;
	check->is_proven = has_passed(check, POWER) && has_passed(check, ADAPTER) && has_passed(check, GROUND) &&
			   has_passed(check, LEVEL) && has_passed(check, EARLY);
	check->found = check->is_proven ? "the line is good from end to end, and the device says nothing"
					: "nothing was found; but not all was tested";
	check->remedy =
		check->is_proven
			? "Its bootloader may be gone: a boot ROM's way (USB, serial), or a programmer, is what is left."
			: "Come back to what was left out: adapter, ground, level and the beginning prove most.";
}

static void take(struct line_check *check, const struct line_check_answer *answer)
{
	check->given[check->at] = answer;
	if (answer->effect == LINE_CHECK_FOUND) {
		end(check, answer->proves, answer->remedy);
		return;
	}
	check->state = LINE_CHECK_ASKING;
	if (++check->at == LINE_CHECKS)
		end_with_nothing(check);
}

bool line_check_answer(struct line_check *check, const char *id)
{
	if (check->state != LINE_CHECK_ASKING)
		return false;
	for (unsigned i = 0; i < LINE_CHECK_ANSWERS_MAX && rows[check->at].answer[i].key != 0; i++) {
		const struct line_check_answer *answer = &rows[check->at].answer[i];

		if (strcmp(answer->id, id) != 0)
			continue;
		if (answer->effect == LINE_CHECK_LOOPBACK)
			check->state = LINE_CHECK_TESTING;
		else
			take(check, answer);
		return true;
	}
	return false;
}

void line_check_loopback(struct line_check *check, size_t sent, size_t came_back_count, size_t wrong)
{
	if (check->state != LINE_CHECK_TESTING)
		return;
	take(check, came_back_count == 0 ? &came_not : came_back_count < sent || wrong > 0 ? &came_wrong : &came_back);
}

void line_check_heard(struct line_check *check, bool is_text)
{
	if (check->state != LINE_CHECK_ASKING)
		return;
	check->is_heard = true;
	if (is_text)
		end(check, "text comes now", "The line works: watch the device start.");
	else
		end(check, "bytes come, and they are no text: the wires carry something",
		    "Let the baud rate be found.");
}

size_t line_check_pattern(uint8_t *to, size_t size)
{
	static const uint8_t levels[] = { 0x00, 0xff, 0x55, 0xaa };
	size_t count = 0;

	for (uint8_t byte = ' '; byte < 0x7f && count < size; byte++)
		to[count++] = byte;
	for (size_t i = 0; i < sizeof(levels) && count < size; i++)
		to[count++] = levels[i];
	return count;
}
