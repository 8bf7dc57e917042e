//! Tests that colors can be told apart, also by readers with red-green color blindness.

use super::{ARMS, FIXED, Ink, channels};

/// Eyes of a reader: as most, or without the cones for long or medium wavelengths (Machado, Oliveira and
/// Fernandes 2009, severity 1). The matrices are for linear RGB.
const EYES: [(&str, [[f64; 3]; 3]); 3] = [
    ("trichromacy", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    ),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
];

/// The color as these eyes see it, in CIELAB.
fn seen(color: &str, eyes: &[[f64; 3]; 3]) -> [f64; 3] {
    let (r, g, b) = channels(color);
    let linear = [r, g, b].map(|value| {
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    });
    let times = |rows: &[[f64; 3]; 3], of: [f64; 3]| {
        rows.map(|row| row.iter().zip(of).map(|(one, other)| one * other).sum::<f64>())
    };
    const XYZ: [[f64; 3]; 3] = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
    let rgb = times(eyes, linear).map(|value| value.clamp(0.0, 1.0));
    let cube = |value: f64| if value > 0.008856 { value.cbrt() } else { 7.787 * value + 16.0 / 116.0 };
    let [x, y, z] = times(&XYZ, rgb);
    let [x, y, z] = [x / 0.9505, y, z / 1.089].map(cube);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Difference of two colors in CIELAB; about 2 can just be seen side by side.
fn difference(one: &str, other: &str, eyes: &[[f64; 3]; 3]) -> f64 {
    let (one, other) = (seen(one, eyes), seen(other, eyes));
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

/// Colors on light pages, and colors on dark pages.
fn both_pages(inks: &[Ink]) -> [Vec<&'static str>; 2] {
    [inks.iter().map(|ink| ink.light()).collect(), inks.iter().map(|ink| ink.dark()).collect()]
}

fn arms() -> Vec<Ink> {
    (0..ARMS.len()).map(Ink::Arm).collect()
}

#[test]
fn no_variant_has_the_color_of_a_verdict_or_of_the_baseline() {
    let (_, usual) = &EYES[0];
    let taken = both_pages(&[Ink::Faster, Ink::Slower, Ink::Text, Ink::Muted]);
    for (arms, taken) in both_pages(&arms()).into_iter().zip(taken) {
        for (arm, other) in arms.iter().flat_map(|arm| taken.iter().map(move |other| (arm, other))) {
            assert!(difference(arm, other, usual) >= 25.0, "{arm} looks like {other}");
        }
    }
}

#[test]
fn the_colors_of_variants_are_told_apart_by_all_readers() {
    for (name, eyes) in &EYES {
        // More than four differ in shape.
        let (count, least) = if *name == "trichromacy" { (ARMS.len(), 20.0) } else { (4, 20.0) };
        for arms in both_pages(&arms()[..count]) {
            for (index, one) in arms.iter().enumerate() {
                for other in &arms[index + 1..] {
                    let found = difference(one, other, eyes);
                    assert!(found >= least, "{name}: {one} and {other} differ by {found:.0}");
                }
            }
        }
    }
}

#[test]
fn verdicts_are_told_apart_by_all_readers() {
    for (name, eyes) in &EYES {
        for [faster, slower] in
            [[Ink::Faster, Ink::Slower].map(Ink::light), [Ink::Faster, Ink::Slower].map(Ink::dark)]
        {
            assert!(difference(faster, slower, eyes) >= 40.0, "{name}: {faster} and {slower}");
        }
    }
}

/// Style sheets cannot ask for an ink, so the page repeats the colors of verdicts.
#[test]
fn a_page_has_the_colors_of_the_verdicts() {
    let css = include_str!("../../report/page/style.css");
    for (ink, name) in [(Ink::Faster, "faster"), (Ink::Slower, "slower")] {
        let (_, light, dark) = FIXED.iter().find(|(known, ..)| *known == ink).expect("a fixed ink");
        for color in [light, dark] {
            let rule = format!("--{name}:{}", color.to_lowercase());
            assert!(css.contains(&rule), "no {rule} in the style of the page");
        }
    }
}
