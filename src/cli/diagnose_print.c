#include "src/base/text.h"
#include "src/cli/diagnose.h"
#include "src/cli/output.h"

bool diagnose_is_well(const struct verdict *verdict)
{
	return verdict->cause == CAUSE_HEALTHY || verdict->cause == CAUSE_LOGIN;
}

static bool treats(const struct profile_method *method, enum cause cause)
{
	for (unsigned i = 0; i < method->treats.count; i++)
		if (text_equal(method->treats.item[i], cause_label(cause)))
			return true;
	return method->treats.count == 0;
}

static json_t *json_evidence(const struct evidence *from, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:o, s:o, s:o}", "line",
						from[i].line ? json_integer(from[i].line) : json_null(), "text",
						output_json_text(from[i].text), "sign",
						output_json_text(from[i].sign ? from[i].sign->id : NULL), "meaning",
						output_json_text(from[i].sign ? from[i].sign->meaning : NULL), "source",
						output_json_text(from[i].sign ? from[i].sign->source : NULL)));
	return list;
}

static json_t *json_causes(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->cause_count; i++) {
		const struct cause_verdict *cause = &verdict->causes[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:f, s:s, s:o, s:o}", "label", cause_label(cause->cause),
						"confidence", cause->confidence, "meaning", cause_meaning(cause->cause),
						"for", json_evidence(cause->proof, cause->proof_count), "against",
						json_evidence(cause->contradiction, cause->contradiction_count)));
	}
	return list;
}

static json_t *json_facts(const struct diagnosis *diagnosis)
{
	const struct diagnosis_fact *facts;
	size_t count = diagnosis_facts(diagnosis, &facts);
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(
			object, facts[i].name,
			json_pack("{s:o, s:i}", "value", output_json_text(facts[i].value), "line", (int)facts[i].line));
	return object;
}

static json_t *json_excerpt(const struct log_excerpt *excerpt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < excerpt->line_count; i++)
		json_array_append_new(list, json_pack("{s:i, s:o, s:s}", "line", (int)excerpt->line[i].number, "text",
						      output_json_text(excerpt->line[i].text), "mark",
						      excerpt->line[i].mark));
	return list;
}

static json_t *json_methods(const struct diagnose *d)
{
	json_t *list = json_array();

	for (unsigned i = 0; d->profile && cause_is_fault(d->verdict.cause) && i < d->profile->method_count; i++) {
		const struct profile_method *method = &d->profile->methods[i];

		if (treats(method, d->verdict.cause))
			json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "name", output_json_text(method->name),
							      "keeps", output_json_text(method->keeps), "destroys",
							      output_json_text(method->destroys)));
	}
	return list;
}

static json_t *document_of(const struct diagnose *d)
{
	const struct verdict *verdict = &d->verdict;
	json_t *next = json_array();
	json_t *golden = d->compared ? golden_print_json(d->compared) : NULL;

	for (size_t i = 0; i < verdict->next_count; i++)
		json_array_append_new(next, output_json_text(verdict->next[i]));
	return json_pack("{s:o, s:s, s:s, s:b, s:b, s:o, s:s, s:i, s:b, s:I, s:i, s:o, s:o, s:o, s:o, s:o*}", "log",
			      output_json_text(d->name), "verdict", cause_label(verdict->cause), "meaning",
			      cause_meaning(verdict->cause), "decided", verdict->is_decided, "healthy",
			      diagnose_is_well(verdict), "causes", json_causes(verdict), "stage",
			      boot_stage_name(verdict->furthest), "starts", (int)verdict->starts, "looping",
			      verdict->is_looping, "loop_ms", (json_int_t)verdict->loop_ms, "line_count",
			      (int)d->line_count, "excerpt", json_excerpt(&d->excerpt), "facts",
			      json_facts(d->diagnosis), "next", next, "methods", json_methods(d), "golden", golden);
}

void diagnose_print_json(const struct diagnose *d)
{
	output_json(document_of(d));
}

void diagnose_print_json_event(const struct diagnose *d)
{
	json_t *document = document_of(d);

	json_object_set_new(document, "event", json_string("end"));
	output_json_item(document);
	output_text("\n");
}

static void print_excerpt(const struct log_excerpt *excerpt)
{
	for (size_t i = 0; i < excerpt->line_count; i++) {
		const struct log_excerpt_line *line = &excerpt->line[i];

		if (i > 0 && line->number > line[-1].number + 1)
			output_text("        ...\n");
		output_text("%c %5u  %s%s%s%s\n", line->mark[0] ? '>' : ' ', line->number, line->text,
			    line->mark[0] ? "   [" : "", line->mark, line->mark[0] ? "]" : "");
	}
}

static void print_evidence(const char *how, const struct evidence *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (from[i].line)
			output_text("    %s line %u: %s\n", how, from[i].line,
				    from[i].sign ? from[i].sign->meaning : from[i].text);
		else
			output_text("    %s %s\n", how, from[i].text);
	}
}

/* What is not settled is not to be read as settled. */
static void print_headline(const struct verdict *verdict)
{
	if (verdict->cause == CAUSE_NONE)
		output_text("UNDECIDED: nothing in it shows a fault, or that the device came up\n");
	else if (verdict->is_decided)
		output_text("%s: %s\n", cause_label(verdict->cause), cause_meaning(verdict->cause));
	else if (cause_is_fault(verdict->cause))
		output_text("%s (most likely, not settled): %s\n", cause_label(verdict->cause),
			    cause_meaning(verdict->cause));
	else
		output_text(
			"%s (as far as the log goes): no fault up to its end, but it ends before the device is seen to run\n",
			cause_label(verdict->cause));
}

static void print_verdict(const struct diagnose *d)
{
	const struct verdict *verdict = &d->verdict;
	char duration[48];

	print_headline(verdict);
	output_text("%s: %u %s, came as far as: %s", d->name, d->line_count, d->line_count == 1 ? "line" : "lines",
		    verdict->furthest == STAGE_ANY ? "not known" : boot_stage_name(verdict->furthest));
	if (verdict->starts > 1)
		output_text(", %u starts", verdict->starts);
	if (verdict->is_looping)
		output_text(", starts again and again");
	if (verdict->is_looping && verdict->loop_ms > 0)
		output_text(", every %s", text_duration(duration, sizeof(duration), verdict->loop_ms));
	output_text("\n");
	if (d->excerpt.line_count > 0) {
		output_text("\nDecisive lines\n");
		print_excerpt(&d->excerpt);
	}
	if (verdict->cause_count == 0 || diagnose_is_well(verdict))
		return;
	output_text("\nReasons (+ speaks for it, - against it)\n");
	for (size_t i = 0; i < verdict->cause_count; i++) {
		output_text("  %-18s %3.0f %%\n", cause_label(verdict->causes[i].cause),
			    verdict->causes[i].confidence * 100);
		print_evidence("+", verdict->causes[i].proof, verdict->causes[i].proof_count);
		print_evidence("-", verdict->causes[i].contradiction, verdict->causes[i].contradiction_count);
	}
}

static void print_next(const struct diagnose *d)
{
	const struct diagnosis_fact *facts;
	size_t count = diagnosis_facts(d->diagnosis, &facts);

	if (count > 0)
		output_text("\nFacts\n");
	for (size_t i = 0; i < count; i++)
		output_text("  %-18s %s  (line %u)\n", facts[i].name, facts[i].value, facts[i].line);
	if (d->verdict.next_count > 0)
		output_text("\nNext\n");
	for (size_t i = 0; i < d->verdict.next_count; i++)
		output_text("  %zu. %s\n", i + 1, d->verdict.next[i]);
	if (d->profile == NULL || !cause_is_fault(d->verdict.cause))
		return;
	output_text("\nWays back for %s %s: unbrick recover --device %s --port PORT --image FILE --method NAME\n",
		    d->profile->vendor, d->profile->model, d->profile->id);
	for (unsigned i = 0; i < d->profile->method_count; i++)
		if (treats(&d->profile->methods[i], d->verdict.cause))
			output_text("  %-24s keeps %s; wipes %s\n", d->profile->methods[i].name,
				    d->profile->methods[i].keeps ? d->profile->methods[i].keeps : "what is not known",
				    d->profile->methods[i].destroys ? d->profile->methods[i].destroys : "nothing");
	if (d->profile->no_method)
		output_text("  none: %s\n", d->profile->no_method);
}

void diagnose_print_text(const struct diagnose *d)
{
	print_verdict(d);
	if (d->compared)
		golden_print_text(d->compared);
	print_next(d);
}
