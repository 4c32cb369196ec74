//! Colours for tags.

/// Colours that stay apart, as the page shows them in light and in dark, for readers with any of the common
/// colour-vision deficiencies; the first six are those that a conversation starts with.
pub const PALETTE: [(&str, &str); 12] = [
    ("Blue", "#246997"),
    ("Amber", "#cd9400"),
    ("Green", "#00a784"),
    ("Red", "#9d1d00"),
    ("Indigo", "#421e8c"),
    ("Plum", "#68284a"),
    ("Lavender", "#aa88ff"),
    ("Brown", "#665544"),
    ("Magenta", "#aa3388"),
    ("Violet", "#6622cc"),
    ("Aubergine", "#552266"),
    ("Forest", "#115511"),
];

/// The first colour that no tag has; when all are taken, they go round.
pub fn next_colour<'a>(taken: impl Iterator<Item = &'a str>) -> &'static str {
    let taken: Vec<&str> = taken.collect();
    let free = PALETTE.iter().find(|(_, colour)| !taken.iter().any(|taken| taken.eq_ignore_ascii_case(colour)));
    free.unwrap_or(&PALETTE[taken.len() % PALETTE.len()]).1
}

#[cfg(test)]
mod tests {
    use super::*;

    type Colour = [f64; 3];

    /// Linear light of full sight, protanopia, deuteranopia and tritanopia (Machado, Oliveira, Fernandes 2009).
    const SIGHTS: [[Colour; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    fn times(matrix: [Colour; 3], colour: Colour) -> Colour {
        matrix.map(|row| row.iter().zip(colour).map(|(a, b)| a * b).sum())
    }

    fn linear(colour: &str) -> Colour {
        [1, 3, 5].map(|at| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Oklab (Ottosson 2020).
    fn oklab(colour: Colour) -> Colour {
        let cones = times(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ],
            colour,
        );
        times(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ],
            cones.map(|cone| cone.max(0.0).cbrt()),
        )
    }

    fn of_oklab(colour: Colour) -> Colour {
        let cones = times(
            [
                [1.0, 0.3963377774, 0.2158037573],
                [1.0, -0.1055613458, -0.0638541728],
                [1.0, -0.0894841775, -1.2914855480],
            ],
            colour,
        );
        times(
            [
                [4.0767416621, -3.3077115913, 0.2309699292],
                [-1.2684380046, 2.6097574011, -0.3413193965],
                [-0.0041960863, -0.7034186147, 1.7076147010],
            ],
            cones.map(|cone| cone.powi(3)),
        )
        .map(|light| light.clamp(0.0, 1.0))
    }

    /// What `--t-mark` in `10-tokens.css` makes of it, in light and in dark, to each of the sights.
    fn seen(colour: &str) -> Vec<Colour> {
        let [l, a, b] = oklab(linear(colour));
        let chroma = a.hypot(b);
        let shown = [(l.clamp(0.36, 0.54), chroma.min(0.2)), ((0.42 + l * 0.6).clamp(0.64, 0.93), chroma.min(0.16))];
        let lights = shown.map(|(l, c)| of_oklab([l, a / chroma * c, b / chroma * c]));
        let sights = lights
            .iter()
            .flat_map(|light| SIGHTS.map(|sight| oklab(times(sight, *light).map(|light| light.clamp(0.0, 1.0)))));
        sights.collect()
    }

    #[test]
    fn no_two_colours_look_alike_to_anybody_in_light_or_in_dark() {
        for (at, (name, colour)) in PALETTE.iter().enumerate() {
            for (other_name, other) in &PALETTE[..at] {
                for (one, two) in seen(colour).into_iter().zip(seen(other)) {
                    let apart = one.iter().zip(two).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    // A difference of 0.02 is just noticed.
                    assert!(apart > 0.05, "{name} and {other_name}: {apart}");
                }
            }
        }
    }

    #[test]
    fn a_new_tag_has_a_colour_that_no_other_has_until_all_are_taken() {
        assert_eq!(next_colour(["#246997", "#CD9400"].into_iter()), "#00a784");
        let all = PALETTE.map(|(_, colour)| colour);
        assert_eq!(next_colour(all.into_iter()), "#246997");
    }
}
