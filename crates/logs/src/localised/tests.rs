use super::table::table;
use crate::{MessageKind, Slot, recognise};

#[test]
fn the_same_message_is_known_in_every_language() {
    for line in [
        "LOG:  ungültige Datensatzlänge bei 0/3000168: 24 erwartet, 0 erhalten",
        "LOG:  longueur invalide de l'enregistrement à 0/3000168 : voulait 24, a eu 0",
        "СООБЩЕНИЕ:  неверная длина записи в позиции 0/3000168: ожидалось 24, получено 0",
        "LOG:  0/3000168のレコード長が不正です:長さは24である必要がありますが、実際は0でした",
        "日志:  0/3000168 处的记录长度无效: 应为 24，实际为 0",
        "LOG:  largo de registro no válido en 0/3000168: se esperaba 24, se obtuvo 0",
    ] {
        let said = recognise(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(said.kind(), MessageKind::RecordLengthZero, "{line}");
        assert!(said.is_translated());
        assert_eq!(said.place().unwrap().to_string(), "0/03000168");
        assert_eq!(said.fact(Slot::Expected).unwrap().to_string(), "24");
    }
}

#[test]
fn values_keep_their_meaning_where_a_language_turns_them_around() {
    let line = "LOG:  0/3000168のレコードの後方リンク0/3000100が不正です";
    let said = recognise(line).unwrap();
    assert_eq!(said.fact(Slot::At).unwrap().to_string(), "0/03000168");
    assert_eq!(said.fact(Slot::Prev).unwrap().to_string(), "0/03000100");
}

#[test]
fn a_word_more_or_less_is_another_message() {
    for line in [
        "LOG:  ungültige Datensatzlänge bei 0/3000168: 24 erwartet, 0 erhalten oder so",
        "LOG:  ungültige Datensatzlänge bei 0/3000168: 24 erwartet",
        "ANWEISUNG:  select 'ungültige Datensatzlänge bei 0/3000168: 24 erwartet, 0 erhalten'",
        "ОПЕРАТОР:  select 'неверная длина записи в позиции 0/3000168: ожидалось 24, получено 0'",
    ] {
        assert_eq!(recognise(line), None, "{line}");
    }
}

#[test]
fn the_table_is_that_of_the_wordings() {
    let table = table();
    assert_eq!(table.strangers, 0, "run crates/logs/catalogues/make.py again");
    assert!(table.translations.len() > 5000 && table.words.len() > 200 && table.beginnings.len() > 200);
    assert!(table.translations.is_sorted_by_key(|t| t.first.1));
}
