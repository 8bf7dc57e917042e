//! `samples.csv`: rows as they are written and read, and files that are cut short or broken.

use super::*;

#[test]
fn samples_come_back_as_they_were_written() {
    let samples = [
        sample(1, built()),
        sample(2, Outcome::Failed { exit_code: Some(101) }),
        sample(3, Outcome::Failed { exit_code: None }),
        sample(4, Outcome::TimedOut),
        sample(5, Outcome::NotStarted),
    ];
    let (_dir, path) = write_bundle(&samples);
    let bundle = open(&path).unwrap();
    assert_eq!(bundle.samples, samples);
    assert_eq!(bundle.manifest.status, Status::Complete);
    assert!(bundle.remarks.is_empty());
}

/// The header as written by programs so far; existing columns must not move.
const HEADER: &str = "sample,block,session,project,pin,workload,variant,role,linker,env.X,phase,round,position,attempt,\
    edit,status,exit_code,started_at,wall_ns,user_ns,sys_ns,max_rss_bytes,units_rebuilt,artifact_bytes,\
    peak_memory_bytes,units_set,predecessor,load,steal_ns,io_pressure_ns,memory_pressure_ns,foreign_cpu_ns,throttled,\
    stragglers,cache_hits,cache_misses,cache_not_cacheable,visit,minor_faults,major_faults,voluntary_switches,\
    involuntary_switches,written_bytes";

#[test]
fn a_row_is_written_field_by_field_in_the_order_of_the_header() {
    let mut plain = sample(1, built());
    plain.variant = "linker=bfd".into();
    let (_dir, path) = write_bundle(&[plain]);
    let row = format!(
        "1,s/p/clean,1,p,git:{},clean,linker=bfd,twin,bfd,1,measured,3,2,1,7,ok,0,2023-11-14T22:13:20.123456Z,1234567891,\
         1,0,4096,2,10,,abc,baseline:linker=bfd,0.25,5,,,,,1,5,6,0,2,11,12,13,14,512",
        "ab".repeat(20)
    );
    assert_eq!(std::fs::read_to_string(path.join(SAMPLES)).unwrap(), format!("{HEADER}\n{row}\n"));
}

#[test]
fn every_column_that_came_later_may_be_missing() {
    let (_dir, path) = write_bundle(&[sample(1, built())]);
    let file = path.join(SAMPLES);
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let later = header.iter().position(|name| name == "peak_memory_bytes").unwrap();
    for lacking in 0..header.len() {
        let mut writer = csv::Writer::from_path(&file).unwrap();
        for record in [&header, &row] {
            let rest = record.iter().enumerate().filter(|(at, _)| *at != lacking);
            writer.write_record(rest.map(|(_, field)| field)).unwrap();
        }
        drop(writer);
        let is_axis = ["linker", "env.X"].contains(&&header[lacking]);
        let read = open(&path).map(|bundle| bundle.samples.len());
        assert_eq!(read.is_ok(), is_axis || lacking >= later, "{}: {read:?}", &header[lacking]);
    }
}

#[test]
fn a_count_that_a_file_lacks_leaves_the_others() {
    let (_dir, path) = write_bundle(&[sample(1, built())]);
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("major_faults", "else", 1)).unwrap();
    let activity = open(&path).unwrap().samples[0].outcome.cost().unwrap().activity;
    assert_eq!(
        (activity.minor_faults, activity.major_faults, activity.written_bytes),
        (Some(11), None, Some(512))
    );
}

#[test]
fn a_failed_build_has_no_timing_in_the_file() {
    let (_dir, path) = write_bundle(&[sample(1, Outcome::TimedOut)]);
    let mut reader = csv::Reader::from_path(path.join(SAMPLES)).unwrap();
    let at = reader.headers().unwrap().iter().position(|name| name == "wall_ns").unwrap();
    assert_eq!(&reader.records().next().unwrap().unwrap()[at], "");
}

#[test]
fn a_row_cut_short_is_left_out_remarked_upon_and_set_aside_on_resuming() {
    let mut plain = sample(1, built());
    plain.variant = "linker=bfd".into();
    let (_dir, path) = write_bundle(&[plain.clone(), Sample { number: 2, ..plain.clone() }]);
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() - 20]).unwrap();
    let bundle = open(&path).unwrap();
    assert_eq!(bundle.samples.len(), 1);
    assert!(bundle.remarks[0].contains("samples.csv:3: the last row was cut short"), "{:?}", bundle.remarks);

    let mut writer = BundleWriter::reopen(&path, bundle.manifest).unwrap();
    writer.append_sample(&Sample { number: 2, attempt: 2, ..plain }).unwrap();
    let bundle = open(&path).unwrap();
    assert_eq!(bundle.samples.len(), 2);
    assert!(path.join("logs/cut-row-of-samples.csv.log").is_file());
}

#[test]
fn a_row_with_a_line_end_in_it_may_be_cut_anywhere() {
    let (_dir, path) = write_bundle(&[sample(1, built()), sample(2, built())]);
    let whole = std::fs::read(path.join(SAMPLES)).unwrap();
    let row = whole.windows(3).position(|three| three == b"\n2,").unwrap() + 1;
    assert!(whole[row..whole.len() - 1].contains(&b'\n'));
    // A file that ends right after the inner newline looks complete, and its last row is reported as
    // malformed.
    for cut in (row + 1..whole.len()).filter(|cut| whole[cut - 1] != b'\n') {
        std::fs::write(path.join(SAMPLES), &whole[..cut]).unwrap();
        let bundle = open(&path).unwrap();
        assert_eq!((bundle.samples.len(), bundle.remarks.len()), (1, 1), "cut at {cut}");
    }
}

#[test]
fn samples_without_a_header_are_no_empty_run() {
    let (_dir, path) = write_bundle(&[]);
    std::fs::write(path.join(SAMPLES), "").unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("samples.csv:1: no column for sample, block, session"), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_line() {
    let (_dir, path) = write_bundle(&[sample(1, built()), sample(2, built())]);
    let mut bytes = std::fs::read(path.join(SAMPLES)).unwrap();
    let at = bytes.windows(3).position(|three| three == b"\n2,").unwrap() + 3;
    bytes[at] = 0xff;
    std::fs::write(path.join(SAMPLES), bytes).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("samples.csv:") && error.contains("invalid utf-8"), "{error}");
}

#[test]
fn further_columns_are_allowed_at_the_end() {
    let mut plain = sample(1, built());
    plain.variant = "v".into();
    let (_dir, path) = write_bundle(std::slice::from_ref(&plain));
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[0].push_str(",something_new");
    lines[1].push_str(",42");
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    assert_eq!(open(&path).unwrap().samples, [plain]);
}
