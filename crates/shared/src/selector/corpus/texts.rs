//! Words of several scripts, and a generator of numbers that is the same everywhere.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one; 0 below 0.
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

/// How texts of a script are made.
pub struct Script {
    pub name: &'static str,
    words: &'static str,
    between: &'static str,
    stop: &'static str,
}

pub const SCRIPTS: [Script; 4] = [
    Script {
        name: "English",
        words: "the a cell membrane wall of and in is it that model answer says because light water energy plant student \
            question claim source evidence not very often however which carries larger smaller molecules across barrier \
            gives shape bacteria have one too made other stuff thinks wrong right maybe figure table shows year result",
        between: " ",
        stop: ". ",
    },
    Script {
        name: "Chinese",
        words: "学 生 说 这 个 模 型 的 答 案 是 对 错 的 因 为 细 胞 膜 很 薄 水 光 能 量 植 物 问 题 证 据 来 源 不 \
            常 常 但 是 更 大 分 子 通 过 屏 障 形 状 细 菌 也 有",
        between: "",
        stop: "。",
    },
    Script {
        name: "Arabic",
        words: "الطالب يقول إن النموذج أجاب جوابا صحيحا خاطئا لأن الخلية غشاء رقيق الماء الضوء طاقة نبات سؤال دليل مصدر \
            ليس غالبا لكن جزيئات أكبر تعبر حاجزا شكلا البكتيريا لها أيضا في من على",
        between: " ",
        stop: ". ",
    },
    Script {
        name: "emoji and marks",
        words: "👩🏽‍🚀 🏳️‍🌈 🇦🇺 😀 🎉 cafe\u{301} z\u{323}\u{302} naïve 𝔘 नमस्ते שלום 한글 the and so",
        between: " ",
        stop: " ! ",
    },
];

impl Script {
    pub fn word(&self, random: &mut Random) -> &'static str {
        let words: Vec<&str> = self.words.split_whitespace().collect();
        // The first ones are far more frequent, as in any language.
        let narrow = random.chance(40);
        let most = if narrow { words.len() / 4 } else { words.len() };
        words[random.below(most)]
    }

    /// So many words with what stands between them.
    pub fn phrase(&self, count: usize, random: &mut Random) -> String {
        (0..count).map(|_| self.word(random)).collect::<Vec<_>>().join(self.between)
    }

    pub fn sentence(&self, random: &mut Random) -> String {
        let count = 5 + random.below(10);
        self.phrase(count, random) + self.stop
    }

    pub fn paragraph(&self, random: &mut Random) -> String {
        (0..2 + random.below(4)).map(|_| self.sentence(random)).collect::<String>().trim_end().to_owned()
    }
}
