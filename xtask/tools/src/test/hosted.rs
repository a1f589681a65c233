//! Question: does the hosted workflow run every part of [`PARTS`], and no other?

use super::PARTS;

const WORKFLOW: &str = include_str!("../../../../.github/workflows/test.yml");

/// What the workflow gives to `--only`: the list under `part:`.
fn given() -> Vec<&'static str> {
    let lines = WORKFLOW.lines().map(str::trim);
    lines
        .skip_while(|line| *line != "part:")
        .skip(1)
        .map_while(|line| line.strip_prefix("- "))
        .collect()
}

#[test]
fn the_workflow_runs_every_part_and_no_other() {
    let given = given();
    for (part, _) in PARTS {
        let times = given.iter().filter(|only| part.contains(**only)).count();
        assert_eq!(times, 1, "the workflow runs \"{part}\" {times} times");
    }
    for only in given {
        let known = PARTS.iter().any(|(part, _)| part.contains(only));
        assert!(known, "the workflow runs \"{only}\", which is no part");
    }
}
