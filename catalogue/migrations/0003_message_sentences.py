"""Write the first sentences that moderators have at hand."""

from django.db import migrations

SENTENCES = (
    (
        "Données personnelles",
        "personal_data",
        "Retirez les données personnelles : préférez l’adresse d’un service à celle d’une personne.",
    ),
    (
        "Mesure d’équité",
        "insufficient",
        "Indiquez les résultats par groupe, même si l’échantillon est petit, et la méthode.",
    ),
    (
        "Licence manquante",
        "licence",
        "Indiquez la licence : sans elle, personne ne peut réutiliser la ressource.",
    ),
    (
        "Limites",
        "insufficient",
        "Dites les limites connues et ce qu’il ne faut pas faire de la ressource.",
    ),
)


def add_sentences(apps, schema_editor):
    template = apps.get_model("catalogue", "MessageTemplate")
    template.objects.bulk_create(
        template(label=label, reason=reason, text=text) for label, reason, text in SENTENCES
    )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_full_text")]
    operations = [migrations.RunPython(add_sentences, migrations.RunPython.noop)]
